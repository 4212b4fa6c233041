// SPDX-License-Identifier: MIT
// What a session needs of a connection to a router: whole messages, both ways. WebSocket and RawSocket are in transport/.
#pragma once

#include <interloop/api.hpp>
#include <interloop/wamp/options.hpp>

#include <cstddef>
#include <memory>
#include <string_view>

namespace interloop::wamp {

/// What a session hears from its transport, in the loop's thread. `on_message` may end the transport. `on_gone` is the
/// last call, and is not made from inside `send` or `close`.
class transport_listener {
 public:
  /// One whole WAMP message, valid during the call.
  virtual void on_message(std::string_view message) = 0;
  /// Lost, refused, a protocol error, or closed, by either side: a `connection_error`.
  virtual void on_gone(const failure& why) noexcept = 0;

 protected:
  ~transport_listener() = default;
};

/// An open, negotiated transport. Thread safety: the loop's thread only.
class transport {
 public:
  transport() = default;
  transport(const transport&) = delete;
  transport& operator=(const transport&) = delete;
  /// Closes at once. The listener is not called any more.
  virtual ~transport() = default;

  /// What was negotiated.
  [[nodiscard]] virtual serializer format() const noexcept = 0;
  /// Queues a copy of a whole message. After `close`, and once the connection is lost, nothing is sent: `on_gone` tells.
  /// Errors: `protocol_error` if it is longer than the peer takes; nothing is sent then, and the connection stays.
  virtual void send(std::string_view message) = 0;
  /// How many bytes are queued.
  [[nodiscard]] virtual std::size_t unsent() const noexcept = 0;
  /// The longest message that the peer takes, in bytes.
  [[nodiscard]] virtual std::size_t largest() const noexcept = 0;
  /// In an orderly way: sends what is queued, says goodbye, then `on_gone`. No more messages are delivered.
  virtual void close() noexcept = 0;
  /// From now on, tells the listener, which must outlive this. Nothing was read until now. Called once; it calls nothing
  /// inside.
  virtual void listen(transport_listener& to) = 0;
};

/// Connects as `transport_options::url` says. Cancelling the future ends the attempt.
/// Errors: `usage_error` for options that cannot be used, thrown at once; the future fails with `connection_error`, also
/// if it takes too long, and with `protocol_error` if the server answers something else than it should.
[[nodiscard]] future<std::unique_ptr<transport>> connect_transport(api async, const transport_options& options);

}  // namespace interloop::wamp
