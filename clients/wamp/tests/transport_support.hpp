// SPDX-License-Identifier: MIT
// What the tests of the transports have in common.
#pragma once

#include "peer.hpp"
#include "websocket_cases.hpp"

#include "clients/support/on_every_loop.hpp"
#include "clients/wamp/transport.hpp"

#include <interloop/wamp/error.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace wamp_test {

namespace wamp = interloop::wamp;
using namespace std::chrono_literals;
using interloop::test::failed_with;
using interloop::test::get;
using interloop::test::open_descriptors;
using testing::ElementsAre;
using testing::HasSubstr;

/// Keeps what it hears.
class listener final : public wamp::transport_listener {
 public:
  void on_message(std::string_view message) override {
    EXPECT_FALSE(gone);
    messages.emplace_back(message);
    if (then) then();
  }
  void on_gone(const interloop::failure& why) noexcept override {
    EXPECT_FALSE(gone);
    gone = why;
    if (at_end) at_end();
  }

  std::vector<std::string> messages;
  std::optional<interloop::failure> gone;
  std::function<void()> then;    // inside `on_message`
  std::function<void()> at_end;  // inside `on_gone`
};

class transports : public interloop::test::on_every_loop {
 protected:
  static wamp::transport_options options(const std::string& url, wamp::serializer format = wamp::serializer::json) {
    wamp::transport_options made(url);
    made.serializers = {format};
    made.connect_timeout = 60s;
    made.ping_interval = 0s;
    made.ping_timeout = 60s;
    return made;
  }

  std::unique_ptr<wamp::transport> connect(const wamp::transport_options& how) {
    auto made = get(wamp::connect_transport(async_, how));
    made->listen(heard_);
    return made;
  }
  std::unique_ptr<wamp::transport> rawsocket(peer& to, unsigned char answer = 0xf1) {
    to.greet_rawsocket(answer);
    return connect(options("rs://" + to.at()));
  }
  std::unique_ptr<wamp::transport> websocket(peer& to, wamp::serializer format = wamp::serializer::json) {
    to.greet_websocket(format == wamp::serializer::json ? "wamp.2.json" : "wamp.2.msgpack");
    return connect(options("ws://" + to.at() + "/ws", format));
  }

  template <class Condition>
  void until(Condition condition) {
    while (!condition()) get(async_.sleep(1ms));
  }
  /// Why it is gone.
  template <class Error = wamp::connection_error>
  std::string gone() {
    until([this] { return heard_.gone.has_value(); });
    EXPECT_TRUE(heard_.gone->is<Error>()) << interloop::failure_message(*heard_.gone);
    return std::string(heard_.gone->message());
  }
  /// The peer's next frame of WebSocket.
  std::string frame_at(peer& from) {
    unsigned first = 0;
    std::string payload;
    until([&] { return from.take_frame(first, payload) || from.ended; });
    if (first == 0) return "ended";
    if (first == 0x88 && payload.size() >= 2)
      return "close:" +
             std::to_string(static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1])) +
             payload.substr(2);
    return (first == 0x81   ? "text:"
            : first == 0x82 ? "binary:"
            : first == 0x88 ? "close:"
            : first == 0x89 ? "ping:"
            : first == 0x8a ? "pong:"
                            : "other:") +
           payload;
  }

  listener heard_;
};

}  // namespace wamp_test
