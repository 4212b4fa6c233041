// SPDX-License-Identifier: MIT
// The seam between a session and what carries its messages.
#pragma once

#include <interloop/api.hpp>
#include <interloop/failure.hpp>
#include <interloop/wamp/options.hpp>

#include <cstddef>
#include <memory>
#include <string_view>

namespace interloop::wamp {

/// What a session hears from its transport. Loop's thread. `on_message` may end the transport; `on_gone` is the last
/// call, and is not made from inside `send` or `close`.
class transport_listener {
 public:
  /// One whole WAMP message, valid during the call.
  virtual void on_message(std::string_view message) = 0;
  /// Lost, refused, protocol error, or closed by the peer.
  virtual void on_gone(const failure& why) noexcept = 0;

 protected:
  ~transport_listener() = default;
};

/// An open, negotiated transport.
class transport {
 public:
  transport() = default;
  transport(const transport&) = delete;
  transport& operator=(const transport&) = delete;
  /// Closes at once; `on_gone` is not called any more.
  virtual ~transport() = default;

  /// What was negotiated.
  [[nodiscard]] virtual serializer format() const noexcept = 0;
  /// Queues a copy. Errors: `protocol_error` if it is longer than the peer takes.
  virtual void send(std::string_view message) = 0;
  /// Bytes queued.
  [[nodiscard]] virtual std::size_t unsent() const noexcept = 0;
  /// What the peer accepts, in bytes.
  [[nodiscard]] virtual std::size_t largest() const noexcept = 0;
  /// Orderly: sends what is queued, says goodbye, then `on_gone`.
  virtual void close() noexcept = 0;
  /// Messages that came before are delivered later, not inside.
  virtual void listen(transport_listener& to) = 0;
};

/// ws://host:port/path, wss://…, rs://host:port, rss://…, unix:/path (RawSocket), ws+unix:/path?path=/ws.
/// Cancelling the future ends the attempt. Errors: `connection_error`, `protocol_error`, `usage_error` for the URL.
[[nodiscard]] future<std::unique_ptr<transport>> connect_transport(api async, const transport_options& options);

}  // namespace interloop::wamp
