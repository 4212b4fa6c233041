// SPDX-License-Identifier: MIT
// Whether bytes are a text.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace interloop::wamp {

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
