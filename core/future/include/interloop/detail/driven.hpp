// SPDX-License-Identifier: MIT
// A future that an object behind its state completes, as a coroutine's frame does: `first_of`, a group's `join`.
//
// The driver lies in the block of its future's state, so both are one allocation. Cancelling the future only asks the
// driver, which decides when and how the future is completed: it may have to wait for others. Nobody else can complete
// it. The driver counts its own references (continuations on other futures have them) and holds one to the state.
//
// Thread safety: the loop's thread only.
#pragma once

#include <interloop/detail/future_state.hpp>
#include <interloop/detail/loop_access.hpp>
#include <interloop/detail/state_ptr.hpp>
#include <interloop/future.hpp>

#include <cstddef>
#include <new>
#include <source_location>
#include <utility>

namespace interloop::detail {

/// The base of `Derived`, which drives a `future<T>` and has `void cancel(const failure&)`, called while that is pending.
/// For readers of memory it has `name` and `way()`: how it leads to the futures that it waits for.
template <class T, class Derived>
class driver {
 public:
  driver(const driver&) = delete;
  driver& operator=(const driver&) = delete;

  /// A pending future, and the driver that the arguments make. Errors: `loop_closed`, what the constructor throws.
  template <class... Args>
  static state_ptr<Derived> make(loop& core, const char* function, std::source_location where, Args&&... args) {
    static_assert(alignof(Derived) <= alignment && alignof(future_state<T>) <= alignment,
                  "interloop: an over-aligned type cannot be combined; use it behind a pointer");
    loop_access::require_open(core, function);
    unsigned char kind;
    auto* const block = static_cast<std::byte*>(loop_access::blocks(core).take(state_bytes + sizeof(Derived), kind));
    auto* const driven = ::new (static_cast<void*>(block)) future_state<T>(core, where, kind, table);
    state_ptr<future_state<T>> held(typename state_ptr<future_state<T>>::adopt{}, driven);
    auto* const made = ::new (static_cast<void*>(block + state_bytes)) Derived(std::forward<Args>(args)...);
    driven->mark_coroutine();
    static_cast<void>(held.release());  // the driver's
    return state_ptr<Derived>(typename state_ptr<Derived>::adopt{}, made);
  }

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ > 0) return;
    future_state<T>& mine = state();
    if (mine.is_pending()) {
      mine.mark_observed();
      finish(loop_access::closing_failure(mine.loop()));
    }
    static_cast<Derived*>(this)->~Derived();
    mine.release();
  }

  [[nodiscard]] future<T> get_future() noexcept { return future_access::wrap<T>(state_ptr<future_state<T>>(&state())); }
  [[nodiscard]] bool is_pending() noexcept { return state().is_pending(); }

 protected:
  driver() noexcept = default;
  ~driver() = default;

  [[nodiscard]] future_state<T>& state() noexcept {
    auto* const here = reinterpret_cast<std::byte*>(static_cast<Derived*>(this));
    return *std::launder(reinterpret_cast<future_state<T>*>(here - state_bytes));
  }
  /// Completes the future with the value that was put in place, or with a failure.
  void finish() noexcept { state().complete(status::value); }
  void finish(const failure& why) noexcept {
    state().set_failure(why);
    state().complete(status::failed);
  }

 private:
  static constexpr std::size_t alignment = __STDCPP_DEFAULT_NEW_ALIGNMENT__;
  static constexpr std::size_t state_bytes = (sizeof(future_state<T>) + alignment - 1) / alignment * alignment;

  static void do_cancel(pending& base, const failure& cancelled) {
    auto* const here = reinterpret_cast<std::byte*>(&static_cast<future_state<T>&>(base));
    const state_ptr<Derived> keep(std::launder(reinterpret_cast<Derived*>(here + state_bytes)));
    keep->cancel(cancelled);
  }
  static constexpr look_edge way = Derived::way();
  static constexpr look about = look_of_future(Derived::name, look::kind::several, state_bytes, &way, 1);
  static constexpr pending::operations table = future_state<T>::table_with(&do_cancel, nullptr, &about);

  unsigned references_ = 1;
};

}  // namespace interloop::detail
