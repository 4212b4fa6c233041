// SPDX-License-Identifier: MIT
// For functions that take any number of arguments and want to know their call site. A call site is passed as a default
// argument, which cannot follow a parameter pack; so these functions take a fixed number of arguments, of which the
// last may be absent. Row 0.
#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace interloop::detail {

/// Stands for an argument that was not given.
struct none {
  explicit none() = default;  // so that {} does not convert to it
};

template <class Argument>
inline constexpr bool is_given_v = !std::is_same_v<std::remove_cvref_t<Argument>, none>;

/// Calls `call` with the arguments that were given, which are the first ones.
template <class Call, class... Arguments>
decltype(auto) with_given(Call&& call, Arguments&&... arguments) {
  constexpr std::size_t count = (std::size_t{0} + ... + std::size_t{is_given_v<Arguments>});
  auto all = std::forward_as_tuple(std::forward<Arguments>(arguments)...);
  return [&]<std::size_t... I>(std::index_sequence<I...>) -> decltype(auto) {
    return std::forward<Call>(call)(std::get<I>(std::move(all))...);
  }(std::make_index_sequence<count>());
}

}  // namespace interloop::detail
