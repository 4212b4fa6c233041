// SPDX-License-Identifier: MIT
// libmosquitto on interloop. It is asked, not told: it closes its socket, and opens the next, without a word.
#pragma once

#include <interloop/glue.hpp>

#include <functional>
#include <string>
#include <string_view>

struct mosquitto;

namespace glued {

/// One MQTT client. After a loss it connects again, and then subscribes again.
///
/// Must not be destroyed inside its callback, where the library is at work. Thread safety: the loop's thread only. Errors:
/// `interloop::error` with the library's text.
class mqtt {
 public:
  using message_handler = std::function<void(std::string_view topic, std::string_view payload)>;

  /// \param topic  what to subscribe to, whenever it is connected.
  mqtt(interloop::loop& on, std::string topic, message_handler on_message);
  mqtt(const mqtt&) = delete;
  mqtt& operator=(const mqtt&) = delete;
  ~mqtt();

  /// Connects. Blocks until TCP is connected: for callers that have a loop, the library has no other way.
  void connect(const std::string& host, int port);

  /// Closes the connection, and opens another: its descriptor gets the same number.
  void reconnect();

  void publish(const std::string& topic, std::string_view payload);

  /// How many times a subscription was confirmed.
  [[nodiscard]] int subscriptions() const noexcept { return subscriptions_; }

 private:
  void ask();
  void on_deadline();

  std::string topic_;
  message_handler on_message_;
  int subscriptions_ = 0;
  bool connected_before_ = false;
  mosquitto* library_;
  interloop::glue glue_;
};

}  // namespace glued
