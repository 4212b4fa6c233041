// SPDX-License-Identifier: MIT
// RawSocket: four bytes each way, then frames with a header of four bytes. Without any I/O.
// Source: the WAMP specification, advanced profile, "RawSocket transport".
#pragma once

#include "clients/stream/bytes.hpp"

#include <interloop/wamp/options.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace interloop::wamp::rawsocket {

/// Lengths of messages are said as powers of two, from 512 bytes (0) to 16 MiB (15). The smallest of these that is not
/// below `largest`; 15 if all are.
[[nodiscard]] unsigned length_code(std::size_t largest) noexcept;
/// The longest message for a code. A frame's length has 24 bits, so it is one byte less than 16 MiB for 15.
[[nodiscard]] std::size_t longest(unsigned code) noexcept;

/// The client's four bytes.
[[nodiscard]] std::array<char, 4> greeting(unsigned length_code, serializer wanted) noexcept;

struct answer {
  std::size_t largest = 0;          // what the server takes
  std::string problem{};            // empty: accepted
  bool refused_serializer = false;  // so another one may do
};
/// The server's four bytes.
[[nodiscard]] answer read_answer(std::array<char, 4> bytes, serializer wanted);

enum class kind : unsigned char { message, ping, pong };

/// Appends a frame. \param payload  at most 16 MiB - 1 byte.
void append(streams::bytes& to, kind what, std::string_view payload);

/// Reads frames out of bytes that come in any pieces. Keeps at most one frame and the piece in which it ends.
class reader {
 public:
  /// \param largest  the longest payload that is accepted.
  explicit reader(std::size_t largest) noexcept : largest_(largest) {}

  void feed(const char* data, std::size_t size) { held_.append({data, size}); }

  enum class event : unsigned char { none, message, ping, pong, broken };
  /// The next whole frame. After `broken`, there is no other one.
  [[nodiscard]] event next();
  /// Of the last frame: valid until `next` or `feed`.
  [[nodiscard]] std::string_view payload() const noexcept { return payload_; }
  /// Why it is broken.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  std::size_t largest_;
  streams::bytes held_;
  std::size_t taken_ = 0;  // the size of the last frame, which is still held
  std::string_view payload_;
  std::string problem_;
};

}  // namespace interloop::wamp::rawsocket
