// SPDX-License-Identifier: MIT
// What `as_future` does, on a given loop.
#pragma once

#include <interloop/detail/invoke.hpp>
#include <interloop/detail/keep.hpp>
#include <interloop/detail/loop_access.hpp>
#include <interloop/future.hpp>

#include <source_location>
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
    require_quiet_destructors<F, Args...>();
    return kept_callable<bound<F, Args...>>(
        bound<F, Args...>{std::tuple<F, Args...>(std::forward<F>(fn), std::forward<Args>(args)...)})();
  } else {
    return detail::invoke(std::forward<F>(fn), std::forward<Args>(args)...);
  }
}

template <class F, class... Args>
auto as_future_on(loop& core, std::source_location where, F&& fn, Args&&... args) {
  using R = std::invoke_result_t<F, Args...>;
  using plain = std::conditional_t<is_future_v<std::remove_cvref_t<R>>, std::remove_cvref_t<R>, R>;
  using returned = typename as_future_of<plain>::type;
  const auto made = [&core, where] { return make_future<typename returned::value_type>(core, where); };
  loop_access::require_open(core, "as_future");
  try {
    if constexpr (is_future_v<plain>) {
      returned inner = call_kept(std::forward<F>(fn), std::forward<Args>(args)...);
      if (!inner) throw_usage("as_future: the function returned an empty future");
      return inner;
    } else {
      const returned outcome = made();
      if constexpr (std::is_void_v<R>) {
        detail::invoke(std::forward<F>(fn), std::forward<Args>(args)...);
        resolve(outcome);
      } else {
        resolve(outcome, detail::invoke(std::forward<F>(fn), std::forward<Args>(args)...));
      }
      return outcome;
    }
  } catch (...) {
    const returned failed = made();
    reject(failed, std::source_location{});  // the failure keeps the stack, which says who called
    return failed;
  }
}

}  // namespace interloop::detail
