// SPDX-License-Identifier: MIT
// The glue of libzmq, on every loop: nothing is left in the library while its descriptor is quiet.
#include "messages.hpp"
#include "support/loop_test.hpp"
#include "support/loops.hpp"

#include <gtest/gtest.h>
#include <zmq.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace glued {
namespace {

using interloop::test::run_until;

class messages_glue_test : public ::testing::TestWithParam<std::string> {};

TEST_P(messages_glue_test, every_message_arrives) {
  const auto native = interloop::test::make_loop(GetParam());
  interloop::loop& core = native->core();
  std::vector<std::string> reports;
  interloop::test::keep_reports(core, reports);
  const std::unique_ptr<void, decltype([](void* context) { zmq_ctx_term(context); })> context(zmq_ctx_new());

  int arrived = 0;
  int answered = 0;
  std::optional<messages> server;
  server.emplace(core, context.get(), [&](std::string_view message) {
    EXPECT_EQ(message, std::to_string(arrived));
    ++arrived;
    server->send(message);  // which takes the signal of the messages that have come meanwhile
  });
  std::optional<messages> client(std::in_place, core, context.get(), [&](std::string_view message) {
    EXPECT_EQ(message, std::to_string(answered));
    ++answered;
  });
  client->connect(server->bind());
  for (const int upto : {3, 100, 500}) {
    for (int i = arrived; i < upto; ++i) client->send(std::to_string(i));
    run_until(core, [&] { return arrived == upto && answered == upto; });
  }
  server.reset();
  client.reset();
  EXPECT_EQ(reports, std::vector<std::string>{});
}

INSTANTIATE_TEST_SUITE_P(, messages_glue_test, ::testing::ValuesIn(interloop::test::loop_names()),
                         [](const auto& of) { return of.param; });

}  // namespace
}  // namespace glued
