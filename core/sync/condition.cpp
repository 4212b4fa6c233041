// SPDX-License-Identifier: MIT
#include <interloop/condition.hpp>

namespace interloop {

namespace detail {

void condition_state::notify_one() noexcept {
  if (auto* const next = static_cast<condition_waiter*>(line_.pop())) next->go_on(waiter::stage::served, true);
}

void condition_state::notify_all() noexcept {
  while (auto* const next = static_cast<condition_waiter*>(line_.pop())) next->go_on(waiter::stage::served, false);
}

void condition_state::abandon() noexcept {
  while (auto* const next = static_cast<condition_waiter*>(line_.pop())) next->go_on(waiter::stage::dropped, false);
}

void condition_waiter::go_on(stage why, bool alone) noexcept {
  in_condition_ = false;
  why_ = why;
  alone_ = alone;
  if (from_.try_take(units_)) {
    serve();
  } else {
    stand_in(from_.line());
  }
}

void condition_waiter::cancel_wait(const failure& cancelled) noexcept {
  keep_request(cancelled);
  if (in_condition_) {
    of_->line().remove(*this);
    go_on(stage::cancelled, false);
  } else if (why_ == stage::served) {
    why_ = stage::cancelled;
    if (alone_) of_->notify_one();
  }
}

void condition_waiter::await_resume() {
  resumed();
  if (stage_ != stage::served) throw_outcome();  // was cancelled before, or the mutex is gone
  stage_ = stage::idle;
  lock_ = permit(from_, units_);
  if (why_ != stage::served) throw_outcome();
}

}  // namespace detail

condition_wait condition::wait(mutex::scoped_lock& lock) {
  detail::loop_access::check_thread(state_->core(), "condition::wait");
  if (!lock) detail::throw_usage("condition::wait: the lock is empty; lock the mutex first");
  if (&lock.from_->core() != &state_->core())
    detail::throw_usage(
        "condition::wait: the lock is of another loop's mutex; use a mutex and a condition of one loop");
  return {*state_, lock};
}

}  // namespace interloop
