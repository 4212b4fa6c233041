// SPDX-License-Identifier: MIT
// The parts of bridge.hpp: the continuation of an observer, and a promise's end.
#pragma once

#include <interloop/detail/future_state.hpp>
#include <interloop/future.hpp>

#include <utility>

namespace interloop {

template <class T>
class outcome;

namespace detail {

/// A continuation that an `observation` refers to. It holds the future as a waiter does, so it is visited, at the
/// latest, when the future can no longer be completed, which breaks this reference cycle.
struct observed : continuation {
  observed** handle = nullptr;  // the observation's pointer to this
  bool counted = false;         // see retain_for_waiter, which follows

  /// Called before the observer.
  void detach(future_core& state) noexcept {
    if (handle) *handle = nullptr;
    state.release_for_waiter(counted);
  }
};

template <class T, class Observer>
struct observer final : observed {
  Observer fn;

  template <class F>
  explicit observer(F&& given) : observed{{&code_of}}, fn(std::forward<F>(given)) {}

  static void code_of(continuation& base, future_core& core, visit how, std::size_t& size) {
    size = sizeof(observer);
    if (how == visit::cancel) return;
    auto& self = static_cast<observer&>(base);
    struct destroyer {
      observer& self;
      ~destroyer() { self.~observer(); }
    } guard{self};
    self.detach(core);
    interloop::outcome<T> how_it_ended(static_cast<future_state<T>&>(core));
    detail::invoke(self.fn, how_it_ended);
  }
};

/// The failure of an outcome whose value was taken before.
[[nodiscard]] failure taken_failure();

/// A promise is destroyed: it can no longer complete its future. Notifies the errbacks and waiters.
template <class T>
void break_promise(future_state<T>& state) noexcept {
  if (!state.is_pending() || state.sole(1)) return;
  state.set_failure(state.broken());
  state.complete(status::failed);
}

}  // namespace detail
}  // namespace interloop
