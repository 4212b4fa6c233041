// SPDX-License-Identifier: MIT
// What RawSocket and WebSocket have in common: from the handshake to the end, which is orderly if it can be.
//
//     handshake ──negotiated──► open ──leave──► leaving: what is queued is sent, the server's end is waited for ──► gone
//
// A transport (transport.hpp) is a handle to one of these; it works on alone only to leave.
#pragma once

#include "../transport.hpp"

#include "clients/stream/connection.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace interloop::wamp {

/// Thread safety: the loop's thread only.
class link : public streams::connection {
 public:
  /// Once connected, and until the handle is gone: see `transport`.
  [[nodiscard]] serializer format() const noexcept { return format_; }
  [[nodiscard]] std::size_t unsent() const noexcept { return out().size(); }
  [[nodiscard]] virtual std::size_t largest() const noexcept = 0;
  virtual void send(std::string_view message) = 0;
  virtual void leave_orderly() noexcept = 0;
  void listen(transport_listener& to);
  /// The handle is gone.
  void drop() noexcept;

 protected:
  link(api loop, streams::connection_options options) : connection(loop, std::move(options)) {}

  /// Bytes have come: reads the handshake, or frames as long as `reading()`.
  virtual void on_input(const char* data, std::size_t size) = 0;
  /// The same for what is held already.
  virtual void read_on() = 0;

  /// The handshake has succeeded.
  void negotiated(serializer format);
  /// Whether frames are to be read now.
  [[nodiscard]] bool reading() const noexcept { return up() && listener_ && !leaving_; }
  /// May end everything, even the handle.
  void deliver(std::string_view message) { listener_->on_message(message); }
  /// Sends what is queued, then ends the stream, and waits for the server's end, at most that long. The listener hears
  /// `why`.
  void leave(failure why, duration limit);
  [[nodiscard]] bool leaving() const noexcept { return leaving_; }
  /// The server has broken the protocol. In the handshake, at once; later by `leave`.
  void refuse(std::string_view why);
  /// Counts an answer to a ping, about to be queued: a server that pings and does not read is refused.
  /// \return false if it was.
  bool may_answer(std::size_t size, std::size_t most);

  [[nodiscard]] failure lost(std::string_view why) const;

  void on_down(const failure& why, const std::string& text) noexcept override;

 private:
  void on_bytes(const char* data, std::size_t size) final;
  void on_resumed() final;
  void on_up() final {}
  void on_sent() final;
  [[nodiscard]] failure make_failure(kind what, const std::string& text) const final;
  void tell_gone() noexcept;

  serializer format_ = serializer::json;
  transport_listener* listener_ = nullptr;
  bool leaving_ = false;
  timer leave_limit_;
  std::size_t answers_ = 0;     // bytes of answers to pings since everything was sent
  std::optional<failure> why_;  // gone before there was a listener
};

/// How long a server that has broken the protocol may take to end the connection.
inline constexpr duration linger = std::chrono::seconds(1);

/// The transport of a link.
[[nodiscard]] std::unique_ptr<transport> make_handle(std::shared_ptr<link> of);

}  // namespace interloop::wamp
