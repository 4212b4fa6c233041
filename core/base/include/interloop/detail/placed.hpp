// SPDX-License-Identifier: MIT
// Arguments that know where the call is written, where a std::source_location with a default would not do: in functions
// that end in a pack of arguments, and beside such functions.
#pragma once

#include <interloop/time.hpp>

#include <concepts>
#include <source_location>
#include <type_traits>
#include <utility>

namespace interloop::detail {

/// Where a call is written: the last argument, which has a default, of a function beside one with a pack. A
/// std::source_location that a user passes for the pack is not taken for it, because it would have to be converted.
struct call_place {
  constexpr call_place(std::source_location at) noexcept : where(at) {}

  std::source_location where;
};

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
