// SPDX-License-Identifier: MIT
// nats.c on interloop. Its own threads say what it waits for: the flusher's, the one that reconnects, and the caller's. After
// a reconnect it says so for a new descriptor of the same number, without a word about the old one.
#pragma once

#include <interloop/glue.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

using natsConnection = struct __natsConnection;
using natsSubscription = struct __natsSubscription;

namespace glued {

/// A NATS connection that subscribes to one subject. The library connects again by itself.
///
/// Thread safety: the loop's thread only. Errors: `interloop::error` with the library's text.
class subject {
 public:
  /// Called in the loop's thread, although the library delivers in a thread of its own.
  using message_handler = std::function<void(const std::string& message)>;

  /// Connects, which blocks: the library has no other way.
  subject(interloop::loop& on, const std::string& url, std::string name, message_handler on_message);
  subject(const subject&) = delete;
  subject& operator=(const subject&) = delete;
  ~subject();

  void publish(std::string_view message);

  /// How many times it has connected again.
  [[nodiscard]] std::uint64_t reconnects() const;

 private:
  struct hooks;  // what nats.c calls, in any thread

  void require(int status, const char* what) const;

  std::string name_;
  message_handler on_message_;
  std::atomic<int> fd_{-1};
  natsConnection* connection_ = nullptr;
  natsSubscription* subscription_ = nullptr;
  interloop::glue glue_;
};

}  // namespace glued
