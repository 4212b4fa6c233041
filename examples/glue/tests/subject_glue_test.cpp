// SPDX-License-Identifier: MIT
// The glue of nats.c, on every loop: hooks in other threads, and a server that is killed and started again.
#include "server.hpp"
#include "subject.hpp"
#include "support/loops.hpp"

#include <gtest/gtest.h>
#include <nats/nats.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace glued {
namespace {

using interloop::test::run_until;

class subject_glue_test : public ::testing::TestWithParam<std::string> {
 protected:
  static std::unique_ptr<server> start(int port) {
    auto made = std::make_unique<server>(
        std::vector<std::string>{"nats-server", "-a", "127.0.0.1", "-p", std::to_string(port)});
    made->wait_for(port);
    return made;
  }
  static void TearDownTestSuite() { nats_Close(); }
};

TEST_P(subject_glue_test, messages_arrive_after_the_server_was_gone) {
  if (!installed("nats-server")) GTEST_SKIP() << "nats-server is not installed";
  const int port = free_port();
  auto running = start(port);
  const auto native = interloop::test::make_loop(GetParam());
  interloop::loop& core = native->core();
  std::string got;
  int count = 0;
  std::optional<subject> client(std::in_place, core, "nats://127.0.0.1:" + std::to_string(port), "a",
                                [&](const std::string& message) {
                                  got = message;
                                  ++count;
                                });
  const auto round_trip = [&](const std::string& message) {
    client->publish(message);
    run_until(core, [&] { return got == message; });
  };
  round_trip("first");
  for (int i = 0; i < 200; ++i) client->publish(std::string(10'000, 'x'));
  run_until(core, [&] { return count == 201; });
  for (unsigned round = 1; round <= 2; ++round) {
    running.reset();
    running = start(port);
    run_until(core, [&] { return client->reconnects() == round; });
    round_trip("after " + std::to_string(round));
  }
  client.reset();
}

INSTANTIATE_TEST_SUITE_P(, subject_glue_test, ::testing::ValuesIn(interloop::test::loop_names()),
                         [](const auto& of) { return of.param; });

}  // namespace
}  // namespace glued
