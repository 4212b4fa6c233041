// SPDX-License-Identifier: MIT
#include "utf8.hpp"

namespace interloop::wamp {

bool utf8_detail::slow(std::string_view text) noexcept {
  utf8_check check;
  return check.feed(text) && check.complete();
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
