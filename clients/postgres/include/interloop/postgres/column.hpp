// SPDX-License-Identifier: MIT
// How C++ types and PostgreSQL's texts become each other.
//
// Everything travels as text, except bytes that are sent: the server then chooses the type of a parameter where it is
// used, so an `int` may be compared with a `bigint`, and a column of any type can be read as `std::string`.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace interloop::postgres {

/// The conversion for values of type `T`. Specialize it for types of your own:
///
///     template <>
///     struct interloop::postgres::column<money> {
///       static constexpr std::string_view wanted = "an amount of money";         // optional, for errors
///       static std::optional<money> from_text(std::string_view text);            // to read; nothing: not a `T`
///       static std::string to_text(const money& value);                          // to pass as a parameter
///     };
template <class T>
struct column;

/// Whole numbers. A number that does not fit is an error.
template <class T>
  requires(std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char>)
struct column<T> {
  static constexpr std::string_view wanted = "a whole number in the type's range";
  static std::optional<T> from_text(std::string_view text) noexcept {
    T value{};
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
  }
};

/// Floating point, `NaN` and the infinities included; also what `numeric` columns hold.
template <std::floating_point T>
struct column<T> {
  static constexpr std::string_view wanted = "a number in the type's range";
  static std::optional<T> from_text(std::string_view text) noexcept {
    T value{};
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
  }
};

template <>
struct column<bool> {
  static constexpr std::string_view wanted = "a boolean";
  static std::optional<bool> from_text(std::string_view text) noexcept {
    if (text == "t") return true;
    if (text == "f") return false;
    return std::nullopt;
  }
};

/// A column of any type, as the server prints it.
template <>
struct column<std::string> {
  static std::optional<std::string> from_text(std::string_view text) { return std::string(text); }
};

/// `bytea`.
template <>
struct column<std::vector<std::byte>> {
  static constexpr std::string_view wanted = "a bytea in the form \\x…, which bytea_output = hex gives";
  static std::optional<std::vector<std::byte>> from_text(std::string_view text);
};

/// One-dimensional arrays: `int[]`, `text[]` and so on. NULLs in them need `std::optional` elements.
template <class T>
struct column<std::vector<T>>;

template <class T>
concept readable = requires(std::string_view text) {
  { column<T>::from_text(text) } -> std::convertible_to<std::optional<T>>;
};

namespace parts {

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

/// The elements of an array's text; an empty optional is a NULL. Nothing if it is not such an array.
[[nodiscard]] std::optional<std::vector<std::optional<std::string>>> split_array(std::string_view text);
/// An array's text.
[[nodiscard]] std::string join_array(const std::vector<std::optional<std::string>>& elements);

}  // namespace parts

template <class T>
struct column<std::vector<T>> {
  static constexpr std::string_view wanted = "a one-dimensional array of such elements";
  static std::optional<std::vector<T>> from_text(std::string_view text) {
    const auto elements = parts::split_array(text);
    if (!elements) return std::nullopt;
    std::vector<T> values;
    values.reserve(elements->size());
    for (const auto& each : *elements) {
      if constexpr (parts::is_optional<T>) {
        if (!each) {
          values.emplace_back();
          continue;
        }
        auto value = column<typename T::value_type>::from_text(*each);
        if (!value) return std::nullopt;
        values.emplace_back(std::move(*value));
      } else {
        auto value = each ? column<T>::from_text(*each) : std::nullopt;
        if (!value) return std::nullopt;
        values.push_back(std::move(*value));
      }
    }
    return values;
  }
};

}  // namespace interloop::postgres
