// SPDX-License-Identifier: MIT
// What `as_future` does, once its call site is known.
#pragma once

#include <interloop/detail/invoke.hpp>
#include <interloop/detail/keep.hpp>
#include <interloop/detail/loop_access.hpp>
#include <interloop/future.hpp>

#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>

namespace interloop::detail {

/// Calls a function that returns a future. Temporaries are moved to a place where they stay until that future is
/// completed; keeping named objects (lvalues) alive is up to the caller.
template <class F, class... Args>
decltype(auto) call_kept(F&& fn, Args&&... args) {
  constexpr bool has_temporaries =
      (!std::is_lvalue_reference_v<F> && has_members<F>) || (!std::is_lvalue_reference_v<Args> || ...);
  if constexpr (has_temporaries && std::is_constructible_v<F, F> && (std::is_constructible_v<Args, Args> && ...)) {
    auto call = [all = std::tuple<F, Args...>(std::forward<F>(fn), std::forward<Args>(args)...)]() mutable {
      return std::apply([](auto&&... each) { return detail::invoke(std::forward<decltype(each)>(each)...); },
                        std::move(all));
    };
    require_quiet_destructors<decltype(call)>();
    return kept_callable<decltype(call)>(std::move(call))();
  } else {
    return detail::invoke(std::forward<F>(fn), std::forward<Args>(args)...);
  }
}

template <class F, class... Args>
auto as_future_at(loop& core, std::source_location where, F&& fn, Args&&... args) {
  using R = std::invoke_result_t<F, Args...>;
  using returned =
      typename as_future_of<std::conditional_t<is_future_v<std::remove_cvref_t<R>>, std::remove_cvref_t<R>, R>>::type;
  using T = typename returned::value_type;
  loop_access::require_open(core, "as_future");
  try {
    if constexpr (is_future_v<std::remove_cvref_t<R>>) {
      returned inner = call_kept(std::forward<F>(fn), std::forward<Args>(args)...);
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
