// SPDX-License-Identifier: MIT
// The WebSocket transport in front of Autobahn's fuzzing server, which testsuite/run.sh starts: sends back what it hears,
// case by case. The server notes what is wrong.
#include "transport_support.hpp"

#include <cstdlib>
#include <string_view>

namespace {

using namespace wamp_test;
using text = std::string;
using wamp::serializer;

class wamp_fuzzing_server : public transports {
 protected:
  /// Talks until the server ends the connection; the last message.
  text talk(const text& resource, serializer format, bool echoes) {
    heard_ = listener();
    auto how = options("ws://" + text(server_) + resource, format);
    how.largest = std::size_t{64} << 20U;
    auto made = get(wamp::connect_transport(async_, how));
    if (echoes) heard_.then = [&] { made->send(heard_.messages.back()), heard_.messages.clear(); };
    made->listen(heard_);
    until([this] { return heard_.gone.has_value(); });
    return heard_.messages.empty() ? text() : heard_.messages.back();
  }

  const char* const server_ = std::getenv("INTERLOOP_FUZZING_SERVER");
};
INSTANTIATE_TEST_SUITE_P(loops, wamp_fuzzing_server, ::testing::Values(interloop::test::own_loop_names().front()),
                         [](const auto& each) { return each.param; });

/// Whether the case's messages are binary, which a client of JSON refuses.
bool is_binary(std::string_view id) {
  for (const std::string_view each : {"1.2.", "9.2.", "9.4.", "9.6.", "9.8."})
    if (id.starts_with(each)) return true;
  return false;
}

TEST_P(wamp_fuzzing_server, has_nothing_to_complain_about) {
  if (!server_) GTEST_SKIP() << "clients/wamp/tests/testsuite/run.sh runs this";
  const int cases = std::stoi(talk("/getCaseCount", serializer::json, false));
  EXPECT_GT(cases, 200);
  for (int number = 1; number <= cases; ++number) {
    const text which = "?agent=interloop&case=" + std::to_string(number);
    const text about = talk("/getCaseInfo" + which, serializer::json, false);  // {"id": "1.2.3", …
    const std::size_t id = about.find("\"id\": \"") + 7;
    static_cast<void>(
        talk("/runCase" + which, is_binary(about.substr(id)) ? serializer::msgpack : serializer::json, true));
  }
  static_cast<void>(talk("/updateReports?agent=interloop", serializer::json, false));
}

}  // namespace
