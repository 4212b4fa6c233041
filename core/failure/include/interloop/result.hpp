// SPDX-License-Identifier: MIT
// The outcome of one future among several: a value or a failure. What `gather` returns.
#pragma once

#include <interloop/failure.hpp>

#include <type_traits>
#include <utility>
#include <variant>

namespace interloop {

/// Holds a `T` (nothing, for `void`) or a `failure`. A plain value; no thread rules of its own.
template <class T>
class result {
 public:
  using value_type = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

  result(value_type value) : outcome_(std::in_place_index<0>, std::move(value)) {}
  result(failure fail) : outcome_(std::in_place_index<1>, std::move(fail)) {}

  [[nodiscard]] bool has_value() const noexcept { return outcome_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  /// The value; throws the failure's exception if there is a failure instead, and `operation_cancelled` for a
  /// `cancelled_error`.
  const value_type& value() const& {
    if (!has_value()) error().as_error().rethrow();
    return *std::get_if<0>(&outcome_);
  }
  value_type value() && {
    if (!has_value()) error().as_error().rethrow();
    return std::move(*std::get_if<0>(&outcome_));
  }

  /// The failure. Throws `std::bad_variant_access` if there is a value.
  [[nodiscard]] const failure& error() const { return std::get<1>(outcome_); }

 private:
  std::variant<value_type, failure> outcome_;
};

}  // namespace interloop
