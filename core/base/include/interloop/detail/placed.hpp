// SPDX-License-Identifier: MIT
// A time as an argument, and where the call is written: for functions that end in a pack of arguments, so that they
// cannot have the place as a default argument of their own.
#pragma once

#include <interloop/time.hpp>

#include <concepts>
#include <source_location>
#include <type_traits>
#include <utility>

namespace interloop::detail {

/// Converts from whatever converts to a `time_point`.
struct placed_time {
  template <class T>
    requires(std::convertible_to<T, time_point> && !std::same_as<std::remove_cvref_t<T>, placed_time>)
  placed_time(T&& when, std::source_location at = std::source_location::current()) noexcept
      : value(std::forward<T>(when)), where(at) {}

  time_point value;
  std::source_location where;
};

/// Converts from any chrono duration, by `to_duration`.
struct placed_delay {
  template <class Rep, class Period>
  placed_delay(std::chrono::duration<Rep, Period> delay,
               std::source_location at = std::source_location::current()) noexcept
      : value(to_duration(delay)), where(at) {}

  duration value;
  std::source_location where;
};

}  // namespace interloop::detail
