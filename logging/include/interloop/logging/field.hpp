// SPDX-License-Identifier: MIT
// Named arguments of a message: "times"_a = 42. The name is part of the type, so that formats are checked when
// compiled.
#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>

namespace interloop {
namespace detail {

void a_field_name_must_be_an_identifier();  // never defined: its name appears in the compiler's message

constexpr bool is_name_start(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_identifier(std::string_view text) noexcept {
  if (text.empty() || !is_name_start(text[0])) return false;
  for (const char c : text)
    if (!is_name_start(c) && !is_digit(c)) return false;
  return true;
}

/// A string literal as a template argument.
template <std::size_t Size>
struct field_name {
  char text[Size] = {};
  consteval field_name(const char (&literal)[Size]) {
    for (std::size_t i = 0; i < Size; ++i) text[i] = literal[i];
    if (!is_identifier(view())) a_field_name_must_be_an_identifier();
  }
  [[nodiscard]] constexpr std::string_view view() const noexcept { return {text, Size - 1}; }
};

}  // namespace detail

/// A name and its value. Small values are held directly, so that a call at a level that is off writes nothing to
/// memory. Others are held by reference, valid until the end of the logging call: create the field in that call.
template <detail::field_name Name, class T>
struct log_field {
  using value_type = T;
  static constexpr std::string_view name = Name.view();
  std::conditional_t<std::is_scalar_v<T>, T, const T&> value;
};

namespace detail {
template <class T>
inline constexpr bool is_field = false;
template <field_name Name, class T>
inline constexpr bool is_field<log_field<Name, T>> = true;
}  // namespace detail

/// The type of `"times"_a`: a name without its value.
template <detail::field_name Name>
struct log_field_name {
  template <class T>
  constexpr log_field<Name, T> operator=(const T& value) const noexcept {
    return {value};
  }
};

inline namespace literals {

/// `"times"_a = 42` is a field. The name must be an identifier, or it does not compile. Source: `fmt::literals`.
template <detail::field_name Name>
consteval log_field_name<Name> operator""_a() noexcept {
  return {};
}

}  // namespace literals
}  // namespace interloop
