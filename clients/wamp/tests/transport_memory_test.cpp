// SPDX-License-Identifier: MIT
// Every allocation of a conversation fails once: somebody is told, nothing is lost or hangs, and the next one works.
#include "peer.hpp"
#include "websocket_cases.hpp"

#include "clients/wamp/transport.hpp"
#include "support/failing_new.hpp"

#include <gtest/gtest.h>
#include <interloop/testing/manual_loop.hpp>

#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

using namespace wamp_test;
namespace wamp = interloop::wamp;

class counting_listener final : public wamp::transport_listener {
 public:
  void on_message(std::string_view) override { ++messages; }
  void on_gone(const interloop::failure&) noexcept override { gone = true; }
  int messages = 0;
  bool gone = false;
};

/// Whether the whole conversation took place. \param failing  the number of the allocation that fails; 0: none.
/// \param reached  set if that allocation was reached.
bool converse(bool by_websocket, long failing, bool& reached) {
  interloop::testing::manual_loop loop;
  const interloop::api async(*loop);
  bool escaped = false;
  loop->set_exception_handler([&](std::string_view, const interloop::failure&) { escaped = true; });
  peer server(async);
  wamp::transport_options how((by_websocket ? "ws://" : "rs://") + server.at());
  how.serializers = {wamp::serializer::json};
  const std::string message = by_websocket ? frame(0x81, "hello") : std::string("\0\0\0\5hello", 9);
  const auto greet = [&] {
    if (by_websocket) {
      server.greet_websocket("wamp.2.json");
    } else {
      server.greet_rawsocket(0xf1);
    }
  };
  greet();
  counting_listener heard;
  std::unique_ptr<wamp::transport> made;
  interloop::future<std::unique_ptr<wamp::transport>> connecting;
  bool refused = false;
  // Steps until something is so, at most until nothing happens any more.
  const auto step_until = [&](auto so) {
    for (int idle = 0; !so() && idle < 400;) idle = loop.step() ? 0 : idle + (loop.step_to_alarm() ? 20 : 100);
  };
  {
    const interloop::test::failing_new one(failing);
    try {
      connecting = wamp::connect_transport(async, how);
      step_until([&] { return interloop::is_called(connecting); });
      if (interloop::is_called(connecting) && !connecting.get_failure()) {
        made = connecting.take();
        made->listen(heard);
        made->send("to the server");
        step_until([&] { return !server.heard.empty() || heard.gone; });
        server.say(message);
        step_until([&] { return heard.messages == 1 || heard.gone; });
        made->close();
        step_until([&] { return server.ended || heard.gone; });
        server.end();
        step_until([&] { return heard.gone; });
      }
    } catch (const std::bad_alloc&) {
      refused = true;
    }
    reached = interloop::test::failing_new::failed();
  }
  if (reached && !refused && connecting) step_until([&] { return interloop::is_called(connecting); });
  const bool failed = connecting && interloop::is_called(connecting) && connecting.get_failure();
  EXPECT_TRUE(refused || escaped || failed || heard.gone) << "allocation " << failing << ": nobody was told";
  return !refused && !escaped && !failed && heard.messages == 1 && heard.gone;
}

TEST(wamp_transport_memory, each_allocation_of_a_conversation_may_fail) {
  for (const bool by_websocket : {false, true}) {
    bool reached = false;
    EXPECT_TRUE(converse(by_websocket, 0, reached));  // and what is allocated once in a process
    int failures = 0;
    for (long failing = 1;; ++failing) {
      ASSERT_LT(failing, 2'000);
      const long before = interloop::test::live_allocations();
      if (!converse(by_websocket, failing, reached)) ++failures;
      EXPECT_EQ(interloop::test::live_allocations(), before) << "allocation " << failing;
      if (!reached) break;
    }
    EXPECT_GT(failures, 5);
  }
}

}  // namespace
