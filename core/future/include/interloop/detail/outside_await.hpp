// SPDX-License-Identifier: MIT
// How a coroutine of another library awaits a future.
#pragma once

#include <interloop/coroutine.hpp>
#include <interloop/detail/future_state.hpp>

#include <coroutine>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace interloop::detail {

/// The part of the awaiter that does not depend on the future's type. Lives in the frame of the other coroutine.
class outside_waiter {
 public:
  outside_waiter(const outside_waiter&) = delete;
  outside_waiter& operator=(const outside_waiter&) = delete;

 protected:
  outside_waiter() noexcept = default;
  ~outside_waiter();

  /// Adds the continuation that resumes `who`. Errors: `loop_closed`, `std::bad_alloc`.
  void wait(future_core& state, std::coroutine_handle<> who);

 private:
  struct resuming;
  std::coroutine_handle<> who_;
  resuming* added_ = nullptr;  // sets this to null before it resumes
};

template <class T, bool Taking>
class outside_awaiter final : public outside_waiter, awaited_state<T, Taking> {
 public:
  explicit outside_awaiter(future_state<T>& what) noexcept : awaited_state<T, Taking>(what, {}) {}

  [[nodiscard]] bool await_ready() const noexcept { return !this->state().is_pending(); }

  void await_suspend(std::coroutine_handle<> who) {
    wait(this->state(), who);
    this->hold();
  }

  decltype(auto) await_resume() {
    static_cast<void>(this->state().require_value());
    return this->value();
  }
};

}  // namespace interloop::detail
