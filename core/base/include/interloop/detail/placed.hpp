// SPDX-License-Identifier: MIT
// Arguments that know where the call is written, where a std::source_location with a default would not do: in functions
// that take any number of arguments.
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

/// Stands for an argument that was not given. Nothing can follow a pack, so a function that takes a `call_place` has
/// three arguments that need not be given in place of the pack; beside it is one with a pack, for more than three.
struct not_given {
  explicit not_given() = default;  // `{}` is not one
};

/// Calls `fn` with those of three arguments that were given.
template <class F, class A, class B, class C>
decltype(auto) with_given(F&& fn, A&& a, B&& b, C&& c) {
  if constexpr (!std::is_same_v<C, not_given>) {
    return fn(std::forward<A>(a), std::forward<B>(b), std::forward<C>(c));
  } else if constexpr (!std::is_same_v<B, not_given>) {
    return fn(std::forward<A>(a), std::forward<B>(b));
  } else if constexpr (!std::is_same_v<A, not_given>) {
    return fn(std::forward<A>(a));
  } else {
    return fn();
  }
}

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
