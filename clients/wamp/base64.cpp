// SPDX-License-Identifier: MIT
#include "base64.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace interloop::wamp {

namespace {

constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<signed char, 256> make_values() {
  std::array<signed char, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < digits.size(); ++i)
    values[static_cast<unsigned char>(digits[i])] = static_cast<signed char>(i);
  return values;
}
constexpr std::array<signed char, 256> values = make_values();

int hex_value(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t left = bytes.size() - at;
    std::uint32_t bits = static_cast<unsigned char>(bytes[at]) << 16U;
    if (left > 1) bits |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + 1])) << 8U;
    if (left > 2) bits |= static_cast<unsigned char>(bytes[at + 2]);
    text += digits[bits >> 18U];
    text += digits[(bits >> 12U) & 63U];
    text += left > 1 ? digits[(bits >> 6U) & 63U] : '=';
    text += left > 2 ? digits[bits & 63U] : '=';
  }
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::size_t padding = 0;
  while (!text.empty() && text.back() == '=' && padding < 2) {
    text.remove_suffix(1);
    ++padding;
  }
  if (text.size() % 4 == 1 || (padding != 0 && (text.size() + padding) % 4 != 0)) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  unsigned have = 0;
  for (const char each : text) {
    const signed char found = values[static_cast<unsigned char>(each)];
    if (found < 0) return std::nullopt;
    bits = (bits << 6U) | static_cast<std::uint32_t>(found);
    have += 6;
    if (have < 8) continue;
    have -= 8;
    bytes += static_cast<char>((bits >> have) & 0xffU);
  }
  return bytes;
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char each : bytes) {
    text += hex[static_cast<unsigned char>(each) >> 4U];
    text += hex[static_cast<unsigned char>(each) & 15U];
  }
  return text;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); at += 2) {
    const int high = hex_value(text[at]);
    const int low = hex_value(text[at + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

}  // namespace interloop::wamp
