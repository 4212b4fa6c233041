// SPDX-License-Identifier: MIT
// WebSocket's frames, as a client writes and reads them, by libwslay: masked there, unmasked here. Without any I/O.
// Source: RFC 6455.
#pragma once

#include "../utf8.hpp"

#include "clients/stream/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct wslay_frame_context;

namespace interloop::wamp::websocket {

enum class opcode : unsigned char { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// Appends a frame that is a whole message, or a control frame, with a mask that cannot be foreseen. Strong guarantee.
/// Errors: `std::bad_alloc`; `error` if the system has no random numbers.
class writer {
 public:
  writer();
  writer(const writer&) = delete;  // libwslay knows where it is
  writer& operator=(const writer&) = delete;
  void append(streams::bytes& to, opcode what, std::string_view payload);

  struct freeing {
    void operator()(wslay_frame_context* native) const noexcept;
  };

 private:
  friend struct writer_calls;
  std::unique_ptr<wslay_frame_context, freeing> native_;
  streams::bytes* to_ = nullptr;
};

/// The payload of a close frame. \param reason  UTF-8; what does not fit is left out.
[[nodiscard]] std::string close_payload(std::uint16_t code, std::string_view reason);

/// Reads messages out of bytes that come in any pieces. Keeps one message, one control frame, and what was fed.
class reader {
 public:
  /// \param text     whether messages are text, not binary.
  /// \param largest  the longest message that is accepted.
  reader(bool text, std::size_t largest);
  reader(const reader&) = delete;  // libwslay knows where it is
  reader& operator=(const reader&) = delete;

  void feed(const char* data, std::size_t size) { held_.append({data, size}); }

  enum class event : unsigned char { none, message, ping, pong, close, broken };
  /// The next whole message or control frame. After `broken` and `close`, there is no other one. Errors: `std::bad_alloc`.
  [[nodiscard]] event next();
  /// Of the last one; of `close`, the reason. Valid until `next`.
  [[nodiscard]] std::string_view payload() const noexcept { return payload_; }
  /// The code of `close`: 1005 if there is none. Of `broken`, what to close with.
  [[nodiscard]] std::uint16_t code() const noexcept { return code_; }
  /// Why it is broken.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  friend struct reader_calls;
  struct piece;
  bool begin_frame(const piece& first);
  event end_frame();
  event end_control();
  event broken(std::uint16_t code, std::string why);

  std::unique_ptr<wslay_frame_context, writer::freeing> native_;
  const bool text_;
  const std::size_t largest_;
  streams::bytes held_;

  std::string message_;  // its fragments so far
  bool in_message_ = false;
  utf8_check utf8_;
  std::string control_;
  // The frame that is being read.
  bool in_frame_ = false, fin_ = false;
  opcode opcode_ = opcode::continuation;
  std::uint64_t left_ = 0;

  std::string_view payload_;
  std::uint16_t code_ = 0;
  std::string problem_;
  bool ended_ = false;
};

}  // namespace interloop::wamp::websocket
