// SPDX-License-Identifier: MIT
// Whether bytes are a text.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace interloop::wamp {

/// Whether bytes that come in pieces are UTF-8. Source: RFC 3629.
class utf8_check {
 public:
  /// The next piece. \return false as soon as no continuation can make it right.
  [[nodiscard]] bool feed(std::string_view piece) noexcept {
    for (const char each : piece) {
      const auto byte = static_cast<unsigned char>(each);
      if (missing_ == 0) {
        if (byte < 0x80) continue;
        if (byte < 0xc2 || byte > 0xf4) return false;
        missing_ = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
        // Overlong forms, surrogates, and what is beyond U+10FFFF: the second byte tells.
        least_ = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
        most_ = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
      } else {
        if (byte < least_ || byte > most_) return false;
        least_ = 0x80;
        most_ = 0xbf;
        --missing_;
      }
    }
    return true;
  }
  /// Whether it may end here.
  [[nodiscard]] bool complete() const noexcept { return missing_ == 0; }
  void reset() noexcept { missing_ = 0; }

 private:
  unsigned missing_ = 0;
  unsigned char least_ = 0, most_ = 0;
};

namespace utf8_detail {

[[nodiscard]] bool slow(std::string_view text) noexcept;

}  // namespace utf8_detail

/// Whether it is UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF. Fast for ASCII.
[[nodiscard]] inline bool is_utf8(std::string_view text) noexcept {
  const char* at = text.data();
  std::size_t left = text.size();
  constexpr std::uint64_t high = 0x8080808080808080U;
  for (; left >= 8; at += 8, left -= 8) {
    std::uint64_t eight;
    std::memcpy(&eight, at, 8);
    if ((eight & high) != 0) return utf8_detail::slow({at, left});
  }
  unsigned char any = 0;
  for (std::size_t i = 0; i < left; ++i) any |= static_cast<unsigned char>(at[i]);
  return any < 0x80 || utf8_detail::slow({at, left});
}

/// Appends a code point, which must be one. \return how many bytes; `to` has room for four.
unsigned put_utf8(char* to, std::uint32_t code) noexcept;

}  // namespace interloop::wamp
