// SPDX-License-Identifier: MIT
// A router that the test plays: a transport whose messages the test sees and says, as JSON, whatever the format is.
#pragma once

#include "../session_core.hpp"
#include "../transport.hpp"

#include <interloop/testing/manual_loop.hpp>
#include <interloop/wamp.hpp>

#include <cstddef>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace wamp_test {

using namespace interloop::wamp;

inline value from_json(std::string_view text) {
  reader from(serializer::json, text);
  return codec<value>::read(from);
}

/// What both ends of a played transport share.
struct wire {
  serializer format = serializer::msgpack;
  std::size_t largest = std::numeric_limits<std::size_t>::max();
  std::deque<std::string> sent;
  transport_listener* to = nullptr;
  bool closing = false;                                    // the session said so
  bool gone = false;                                       // the transport is destroyed
  std::function<void(wire&, const std::string&)> answers;  // called with what is sent, if it is set

  /// Delivers a message as it is.
  void deliver(std::string_view bytes) const {
    if (to) to->on_message(bytes);
  }
  void say(std::string_view text) const {
    writer bytes(format);
    codec<value>::write(bytes, from_json(text));
    deliver(bytes.view());
  }
  void lose(const std::string& why) {
    if (transport_listener* const told = std::exchange(to, nullptr))
      told->on_gone(interloop::create_failure(connection_error(why)));
  }
};

class played_transport final : public transport {
 public:
  explicit played_transport(std::shared_ptr<wire> other) : wire_(std::move(other)) {}
  ~played_transport() override {
    wire_->to = nullptr;
    wire_->gone = true;
  }
  serializer format() const noexcept override { return wire_->format; }
  void send(std::string_view bytes) override {
    if (bytes.size() > wire_->largest) throw protocol_error("the message is too long");
    reader from(wire_->format, bytes);
    std::string text = to_text(codec<value>::read(from));
    from.finish();
    if (wire_->answers) return wire_->answers(*wire_, text);
    wire_->sent.push_back(std::move(text));
  }
  std::size_t unsent() const noexcept override { return 0; }
  std::size_t largest() const noexcept override { return wire_->largest; }
  void close() noexcept override { wire_->closing = true; }
  void listen(transport_listener& to) override { wire_->to = &to; }

 private:
  std::shared_ptr<wire> wire_;
};

/// Answers as a router that is content with everything, in later turns. Of calls: `com.never` is not answered, `com.lose`
/// loses the connection, others get their arguments.
inline std::function<void(wire&, const std::string&)> content(interloop::api async, std::shared_ptr<wire> over) {
  return [async, over = std::weak_ptr<wire>(over)](wire&, const std::string& text) {
    const value said = from_json(text);
    const auto answer = [&](const list& message) {
      async.call_soon([over, reply = to_text(message)] {
        if (const auto there = over.lock()) there->say(reply);
      });
    };
    const std::uint64_t id = said[1].type() == kind::integer ? said[1].natural() : 0;
    switch (said[0].integer()) {
      case 1:
        return answer({2, 77, dict{{"authrole", "anonymous"}}});
      case 6:
        if (said[2].text() == "wamp.close.normal") answer({6, dict(), "wamp.close.normal"});
        return;
      case 16:
        if (said[2].find("acknowledge")) answer({17, id, id + 1000});
        return;
      case 32:
        return answer({33, id, 5});
      case 34:
        return answer({35, id});
      case 48:
        if (said[3].text() == "com.never") return;
        if (said[3].text() == "com.lose")
          return async.call_soon([over] {
            if (const auto there = over.lock()) there->lose("the cable was cut");
          });
        return answer({50, id, dict(), said.elements().size() > 4 ? said[4] : value(list())});
      case 64:
        return answer({65, id, id + 100});
      case 66:
        return answer({67, id});
      default:
        return;
    }
  };
}

}  // namespace wamp_test
