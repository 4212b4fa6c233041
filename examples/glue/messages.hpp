// SPDX-License-Identifier: MIT
// libzmq on interloop. Its descriptor is quiet: it is readable once when something has changed, and not again while
// messages are left; a send may take the signal. So ZMQ_EVENTS is asked after each call.
#pragma once

#include <interloop/glue.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace glued {

/// A ZeroMQ socket of type PAIR.
///
/// Must not be destroyed inside its callback. Thread safety: the loop's thread only. Errors: `interloop::error` with the
/// library's text.
class messages {
 public:
  using message_handler = std::function<void(std::string_view message)>;

  /// \param context  what `zmq_ctx_new` returned; it has to live longer.
  messages(interloop::loop& on, void* context, message_handler on_message);
  messages(const messages&) = delete;
  messages& operator=(const messages&) = delete;
  ~messages();

  /// Listens at a free port of 127.0.0.1; returns the address to connect to.
  std::string bind();
  void connect(const std::string& address);

  /// Sends; throws if the library cannot take the message now.
  void send(std::string_view message);

 private:
  bool receive_one();

  message_handler on_message_;
  void* socket_;
  interloop::glue glue_;
};

}  // namespace glued
