// SPDX-License-Identifier: MIT
// A value of any of WAMP's types, for what is not known at compile time. Where the types are known, arguments and results
// are read and written as those, without this (see codec.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace interloop::wamp {

/// The types of values, as all three serializers know them.
enum class kind : unsigned char { null, boolean, integer, real, text, binary, list, map };

/// The name of a kind, for messages: "a text".
[[nodiscard]] const char* name_of(kind which) noexcept;

class value;
using list = std::vector<value>;
using dict = std::map<std::string, value, std::less<>>;

/// Bytes that are no text. In JSON they travel as WAMP says: a text of a NUL and base64.
struct binary {
  std::string bytes;

  binary() = default;
  explicit binary(std::string given) noexcept : bytes(std::move(given)) {}
  explicit binary(std::span<const std::byte> given)
      : bytes(reinterpret_cast<const char*>(given.data()), given.size()) {}
  friend bool operator==(const binary&, const binary&) = default;
};

/// Null, a boolean, a number, a text (UTF-8), bytes, a list or a map from texts to values. A value: copies are deep.
///
/// Thread safety: like a `std::string`.
class value {
 public:
  value() noexcept = default;
  value(std::nullptr_t) noexcept {}
  template <class Boolean>
    requires std::is_same_v<Boolean, bool>
  value(Boolean given) noexcept : held_(given) {}
  template <class Number>
    requires(std::is_integral_v<Number> && !std::is_same_v<Number, bool> && !std::is_same_v<Number, char>)
  value(Number given) noexcept {
    if constexpr (std::is_signed_v<Number>) {
      held_ = static_cast<std::int64_t>(given);
    } else if (std::in_range<std::int64_t>(given)) {
      held_ = static_cast<std::int64_t>(given);
    } else {
      held_ = static_cast<std::uint64_t>(given);
    }
  }
  value(double given) noexcept : held_(given) {}
  value(std::string given) noexcept : held_(std::move(given)) {}
  value(std::string_view given) : held_(std::string(given)) {}
  value(const char* given) : held_(std::string(given)) {}
  value(wamp::binary given) noexcept : held_(std::move(given)) {}
  value(wamp::list given) noexcept : held_(std::move(given)) {}
  value(wamp::dict given) noexcept : held_(std::move(given)) {}

  [[nodiscard]] wamp::kind type() const noexcept;
  [[nodiscard]] bool is_null() const noexcept { return held_.index() == 0; }

  /// The parts. Errors: `value_error`, which says what it is instead.
  [[nodiscard]] bool boolean() const;
  [[nodiscard]] double real() const;  ///< also of integers
  [[nodiscard]] const std::string& text() const;
  [[nodiscard]] const std::string& bytes() const;
  [[nodiscard]] const wamp::list& elements() const;
  [[nodiscard]] const wamp::dict& members() const;
  /// Errors: `value_error` also if it is above 2^63 - 1: then `natural` has it.
  [[nodiscard]] std::int64_t integer() const;
  /// Errors: `value_error` also if it is negative.
  [[nodiscard]] std::uint64_t natural() const;

  /// The member of a map, or the element of a list. Errors: `value_error` if there is none.
  [[nodiscard]] const value& operator[](std::string_view key) const;
  [[nodiscard]] const value& operator[](std::size_t position) const;
  template <class Number>
    requires(std::is_same_v<Number, int>)
  [[nodiscard]] const value& operator[](Number position) const {
    return (*this)[static_cast<std::size_t>(position)];
  }
  /// The member of a map, or null: if there is none, or if it is not a map.
  [[nodiscard]] const value* find(std::string_view key) const noexcept;

  /// Numbers are equal by their type and value: 1 is not 1.0. NaN is equal to nothing.
  friend bool operator==(const value& a, const value& b) { return a.held_ == b.held_; }

 private:
  friend struct value_access;
  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, wamp::binary, wamp::list,
               wamp::dict>
      held_;
};

/// As JSON, for people: bytes are shown as WAMP's JSON has them.
[[nodiscard]] std::string to_text(const value& shown);

}  // namespace interloop::wamp
