// SPDX-License-Identifier: MIT
// Calls anything, including pointers to members. <functional>, which has std::invoke, costs a user's file half of
// <chrono>.
#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

namespace interloop::detail {

/// As `std::invoke`.
template <class F, class... Args>
constexpr decltype(auto) invoke(F&& fn, Args&&... args) {
  if constexpr (std::is_member_pointer_v<std::remove_cvref_t<F>>) {
    return std::apply(std::forward<F>(fn), std::forward_as_tuple(std::forward<Args>(args)...));
  } else {
    return std::forward<F>(fn)(std::forward<Args>(args)...);
  }
}

}  // namespace interloop::detail
