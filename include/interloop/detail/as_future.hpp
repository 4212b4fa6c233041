// SPDX-License-Identifier: MIT
// What `as_future` does, once it is known from where it was called.
#pragma once

#include <interloop/detail/invoke.hpp>
#include <interloop/future.hpp>

#include <source_location>
#include <type_traits>
#include <utility>

namespace interloop::detail {

template <class F, class... Args>
auto as_future_at(loop& core, std::source_location where, F&& fn, Args&&... args) {
  using R = std::invoke_result_t<F, Args...>;
  using returned =
      typename as_future_of<std::conditional_t<is_future_v<std::remove_cvref_t<R>>, std::remove_cvref_t<R>, R>>::type;
  using T = typename returned::value_type;
  core.require_open("as_future");
  try {
    if constexpr (is_future_v<std::remove_cvref_t<R>>) {
      returned inner = detail::invoke(std::forward<F>(fn), std::forward<Args>(args)...);
      if (!inner) throw_usage("as_future: the function returned an empty future");
      return inner;
    } else {
      auto made = make_future<T>(core, where);
      if constexpr (std::is_void_v<R>) {
        detail::invoke(std::forward<F>(fn), std::forward<Args>(args)...);
        resolve(made);
      } else {
        resolve(made, detail::invoke(std::forward<F>(fn), std::forward<Args>(args)...));
      }
      return made;
    }
  } catch (...) {
    auto failed = make_future<T>(core, where);
    reject(failed, where);
    return returned(std::move(failed));
  }
}

}  // namespace interloop::detail
