// SPDX-License-Identifier: MIT
// One word of a command.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <string_view>
#include <type_traits>

namespace interloop::redis {

/// Bytes (any, including NUL), or a number, which is sent in decimal. Refers to the text that it is made from, so use it
/// only as a function's argument.
class word {
 public:
  template <class Text>
    requires std::convertible_to<const Text&, std::string_view>
  word(const Text& text) noexcept : text_(text) {}

  template <class Number>
    requires((std::integral<Number> || std::floating_point<Number>) && !std::same_as<Number, bool> &&
             !std::same_as<Number, char>)
  word(Number number) noexcept
      : length_(static_cast<std::size_t>(std::to_chars(digits_, digits_ + sizeof digits_, number).ptr - digits_)) {}

  [[nodiscard]] std::string_view view() const noexcept {
    return length_ != 0 ? std::string_view(digits_, length_) : text_;
  }

 private:
  std::string_view text_;
  std::size_t length_ = 0;  // of the digits; 0 for a text
  char digits_[32];         // enough for the shortest form of every double
};

}  // namespace interloop::redis
