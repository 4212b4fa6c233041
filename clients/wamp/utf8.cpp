// SPDX-License-Identifier: MIT
#include "utf8.hpp"

#include <cstddef>

namespace interloop::wamp {

namespace {

/// The length of the well-formed sequence at the beginning, by the Unicode standard's table 3-7; 0 if there is none.
std::size_t sequence(const unsigned char* at, std::size_t left) noexcept {
  const unsigned char first = at[0];
  if (first < 0x80) return 1;
  std::size_t size = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xbf;
  if (first >= 0xc2 && first <= 0xdf) {
    size = 2;
  } else if (first >= 0xe0 && first <= 0xef) {
    size = 3;
    if (first == 0xe0) low = 0xa0;
    if (first == 0xed) high = 0x9f;
  } else if (first >= 0xf0 && first <= 0xf4) {
    size = 4;
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
  }
  if (size == 0 || left < size || at[1] < low || at[1] > high) return 0;
  for (std::size_t i = 2; i < size; ++i)
    if (at[i] < 0x80 || at[i] > 0xbf) return 0;
  return size;
}

}  // namespace

bool utf8_detail::slow(std::string_view text) noexcept {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  for (std::size_t left = text.size(); left > 0;) {
    const std::size_t size = sequence(at, left);
    if (size == 0) return false;
    at += size;
    left -= size;
  }
  return true;
}

unsigned put_utf8(char* to, std::uint32_t code) noexcept {
  const auto tail = [](std::uint32_t bits) { return static_cast<char>(0x80U | (bits & 0x3fU)); };
  if (code < 0x80) {
    to[0] = static_cast<char>(code);
    return 1;
  }
  if (code < 0x800) {
    to[0] = static_cast<char>(0xc0U | (code >> 6U));
    to[1] = tail(code);
    return 2;
  }
  if (code < 0x10000) {
    to[0] = static_cast<char>(0xe0U | (code >> 12U));
    to[1] = tail(code >> 6U);
    to[2] = tail(code);
    return 3;
  }
  to[0] = static_cast<char>(0xf0U | (code >> 18U));
  to[1] = tail(code >> 12U);
  to[2] = tail(code >> 6U);
  to[3] = tail(code);
  return 4;
}

}  // namespace interloop::wamp
