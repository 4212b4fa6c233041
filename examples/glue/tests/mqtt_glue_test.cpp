// SPDX-License-Identifier: MIT
// The glue of libmosquitto, on every loop, with a real broker that goes away and comes back.
#include "mqtt.hpp"
#include "server.hpp"
#include "support/loop_test.hpp"
#include "support/loops.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace glued {
namespace {

using interloop::test::run_until;

class mqtt_glue_test : public ::testing::TestWithParam<std::string> {
 protected:
  static std::unique_ptr<server> broker(int port) {
    auto made = std::make_unique<server>(std::vector<std::string>{"mosquitto", "-p", std::to_string(port)});
    made->wait_for(port);
    return made;
  }
};

TEST_P(mqtt_glue_test, messages_arrive_after_reconnects_and_after_the_broker_was_gone) {
  if (!installed("mosquitto")) GTEST_SKIP() << "mosquitto is not installed";
  const int port = free_port();
  auto running = broker(port);
  const auto native = interloop::test::make_loop(GetParam());
  interloop::loop& core = native->core();
  std::vector<std::string> reports;
  interloop::test::keep_reports(core, reports);

  std::string got;
  std::optional<mqtt> client(std::in_place, core, "a/#", [&](std::string_view topic, std::string_view payload) {
    got += std::string(topic) + "=" + std::string(payload) + " ";
  });
  const auto round_trip = [&](const std::string& payload) {
    got.clear();
    client->publish("a/b", payload);
    run_until(core, [&] { return !got.empty(); });
    EXPECT_EQ(got, "a/b=" + payload + " ");
  };
  client->connect("127.0.0.1", port);
  run_until(core, [&] { return client->subscriptions() == 1; });
  round_trip("1");
  for (int round = 2; round < 5; ++round) {  // the same number each time
    client->reconnect();
    run_until(core, [&] { return client->subscriptions() == round; });
    round_trip(std::to_string(round));
  }
  running.reset();
  running = broker(port);
  run_until(core, [&] { return client->subscriptions() == 5; });
  round_trip("5");
  client.reset();
  EXPECT_EQ(reports, std::vector<std::string>{});
}

INSTANTIATE_TEST_SUITE_P(, mqtt_glue_test, ::testing::ValuesIn(interloop::test::loop_names()),
                         [](const auto& of) { return of.param; });

}  // namespace
}  // namespace glued
