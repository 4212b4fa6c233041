// SPDX-License-Identifier: MIT
// The members of a struct, in their order, without their names.
#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace interloop::postgres::parts {

template <class T>
inline constexpr bool is_tuple = false;
template <class... Ts>
inline constexpr bool is_tuple<std::tuple<Ts...>> = true;
template <class A, class B>
inline constexpr bool is_tuple<std::pair<A, B>> = true;

/// Stands for an initializer of any type; never converted in fact.
struct anything {
  template <class T>
  operator T() const noexcept;
};

template <class T, std::size_t... At>
constexpr bool takes(std::index_sequence<At...>) {
  return requires { T{(static_cast<void>(At), anything{})...}; };
}

inline constexpr std::size_t most_fields = 16;

/// How many members an aggregate has: the most initializers that it takes.
template <class T, std::size_t Guess = most_fields>
constexpr std::size_t field_count() {
  static_assert(!takes<T>(std::make_index_sequence<most_fields + 1>()),
                "interloop: a struct for a row may have at most 16 members; use a std::tuple or row::get");
  if constexpr (Guess == 0 || takes<T>(std::make_index_sequence<Guess>())) {
    return Guess;
  } else {
    return field_count<T, Guess - 1>();
  }
}

/// Calls `fn(index, member)` for each member.
template <class T, class F>
void for_each_field(T& of, F fn) {
  constexpr std::size_t count = field_count<T>();
  const auto each = [&fn](auto&... fields) {
    std::size_t at = 0;
    (fn(at++, fields), ...);
  };
  if constexpr (count == 1) {
    auto& [a] = of;
    each(a);
  } else if constexpr (count == 2) {
    auto& [a, b] = of;
    each(a, b);
  } else if constexpr (count == 3) {
    auto& [a, b, c] = of;
    each(a, b, c);
  } else if constexpr (count == 4) {
    auto& [a, b, c, d] = of;
    each(a, b, c, d);
  } else if constexpr (count == 5) {
    auto& [a, b, c, d, e] = of;
    each(a, b, c, d, e);
  } else if constexpr (count == 6) {
    auto& [a, b, c, d, e, f] = of;
    each(a, b, c, d, e, f);
  } else if constexpr (count == 7) {
    auto& [a, b, c, d, e, f, g] = of;
    each(a, b, c, d, e, f, g);
  } else if constexpr (count == 8) {
    auto& [a, b, c, d, e, f, g, h] = of;
    each(a, b, c, d, e, f, g, h);
  } else if constexpr (count == 9) {
    auto& [a, b, c, d, e, f, g, h, i] = of;
    each(a, b, c, d, e, f, g, h, i);
  } else if constexpr (count == 10) {
    auto& [a, b, c, d, e, f, g, h, i, j] = of;
    each(a, b, c, d, e, f, g, h, i, j);
  } else if constexpr (count == 11) {
    auto& [a, b, c, d, e, f, g, h, i, j, k] = of;
    each(a, b, c, d, e, f, g, h, i, j, k);
  } else if constexpr (count == 12) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l] = of;
    each(a, b, c, d, e, f, g, h, i, j, k, l);
  } else if constexpr (count == 13) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = of;
    each(a, b, c, d, e, f, g, h, i, j, k, l, m);
  } else if constexpr (count == 14) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = of;
    each(a, b, c, d, e, f, g, h, i, j, k, l, m, n);
  } else if constexpr (count == 15) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] = of;
    each(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o);
  } else if constexpr (count == 16) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = of;
    each(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p);
  }
}

}  // namespace interloop::postgres::parts
