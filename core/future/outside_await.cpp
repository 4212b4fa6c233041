// SPDX-License-Identifier: MIT
#include <interloop/detail/outside_await.hpp>

#include <interloop/detail/loop_access.hpp>

namespace interloop::detail {

/// Resumes the other coroutine in each case, also when the loop closes: its frame is not ours, so nobody else would. If
/// it is destroyed before, its awaiter clears `waiter`.
struct outside_waiter::resuming final : continuation {
  outside_waiter* waiter;

  explicit resuming(outside_waiter& who) noexcept : continuation{&code_of}, waiter(&who) {}

  static void code_of(continuation& base, future_core&, visit how, std::size_t& size) {
    size = sizeof(resuming);
    outside_waiter* const waiting = static_cast<resuming&>(base).waiter;
    if (how == visit::cancel || !waiting) return;
    waiting->added_ = nullptr;
    waiting->who_.resume();
  }
};

outside_waiter::~outside_waiter() {
  if (added_) added_->waiter = nullptr;
}

void outside_waiter::wait(future_core& state, std::coroutine_handle<> who) {
  loop_access::require_open(state.loop(), "co_await");
  who_ = who;
  added_ = &state.add<resuming>(*this);
}

}  // namespace interloop::detail
