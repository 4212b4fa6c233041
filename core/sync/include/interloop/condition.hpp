// SPDX-License-Identifier: MIT
// Waiting, without the lock, until what the lock protects has changed.
#pragma once

#include <interloop/mutex.hpp>

#include <cstddef>
#include <source_location>

namespace interloop {

class condition;

namespace detail {

class condition_waiter;

/// What a condition shares with those who wait for it, and who may pass a notification on when it is gone. Counted.
class condition_state {
 public:
  explicit condition_state(loop& core) : line_(core) { loop_access::retain(core); }
  condition_state(const condition_state&) = delete;
  condition_state& operator=(const condition_state&) = delete;

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }

  [[nodiscard]] loop& core() const noexcept { return line_.core(); }
  [[nodiscard]] waiting_line& line() noexcept { return line_; }
  void notify_one() noexcept;
  void notify_all() noexcept;
  void abandon() noexcept;

 private:
  ~condition_state() { loop_access::release(core()); }

  waiting_line line_;
  std::size_t references_ = 1;
};

/// The awaiter of `condition::wait`. First it stands in the condition's line, without the lock, then in the mutex's: so a
/// notification wakes nobody who would have to wait again.
class condition_waiter final : public permit_waiter {
 public:
  static constexpr const char* name = "condition::wait";

  condition_waiter(condition_state& of, permit& lock, promise_core& who, std::source_location where) noexcept
      : permit_waiter(waiter_operations<condition_waiter>::table, *lock.from_, lock.units_, who, where),
        of_(&of),
        mutex_(&from_),
        lock_(lock) {}
  ~condition_waiter() {
    if (!in_condition_ || stage_ != stage::waiting) return;
    of_->line().remove(*this);
    stage_ = stage::idle;
  }

  [[nodiscard]] bool await_ready() const noexcept { return requested(); }
  void await_suspend(std::coroutine_handle<>) {
    wait_in(of_->line());
    in_condition_ = true;
    lock_.release();
  }
  void await_resume();

  void cancel_wait(const failure& cancelled) noexcept;

  /// Out of the condition's line already: goes to the mutex's.
  void go_on(stage why, bool alone) noexcept;

 private:
  state_ptr<condition_state> of_;
  state_ptr<permits> mutex_;  // which may be destroyed meanwhile
  permit& lock_;
  stage why_ = stage::idle;  // notified (served), cancelled, or the condition was destroyed (dropped)
  bool alone_ = false;       // nobody else got this notification
  bool in_condition_ = false;
};

}  // namespace detail

/// What `condition::wait` returns. Nothing happens until it is awaited or becomes a future; use it at once.
class [[nodiscard]] condition_wait {
 public:
  /// For callbacks. The lock must live until the future is completed. One allocation.
  [[nodiscard]] future<void> as_future() const { return detail::future_of<void>(of_->core(), *this); }
  operator future<void>() const { return as_future(); }

  [[nodiscard]] detail::condition_waiter await_in(detail::promise_core& who,
                                                  std::source_location where) const noexcept {
    return {*of_, *lock_, who, where};
  }

 private:
  friend class condition;
  condition_wait(detail::condition_state& of, permit& lock) noexcept : of_(&of), lock_(&lock) {}

  detail::condition_state* of_;
  permit* lock_;
};

/// Coroutines wait for it with a locked mutex, which is unlocked meanwhile. Whatever ends the wait, also a cancellation,
/// the mutex is locked again, except if it was destroyed.
///
/// If it is destroyed while coroutines wait, they get `broken_promise`, with the mutex locked. If its loop closes,
/// coroutines that wait end with `loop_closed`. It may outlive the loop. One allocation when it is made.
/// Thread safety: the loop's thread only.
/// Source: `asyncio.Condition`, `trio.Condition`.
class condition {
 public:
  /// Errors: `std::bad_alloc`.
  explicit condition(loop& core) : state_(new detail::condition_state(core)) {}
  condition(const condition&) = delete;
  condition& operator=(const condition&) = delete;
  ~condition() {
    state_->abandon();
    state_->release();
  }

  /// `while (!ready) co_await changed.wait(lock)`: unlocks, waits for a notification, and locks again. First come first
  /// served. There is no wait without a notification; but others may have had the lock between that and the return.
  ///
  /// A coroutine that is cancelled gets the exception when it has the lock again. If it had been notified by
  /// `notify_one`, the next in line is notified instead.
  /// \param lock  of a mutex of the same loop. It is empty during the wait.
  /// Errors: `usage_error` if the lock is empty, or of another loop; `cancelled_error`, `broken_promise`, `loop_closed`.
  condition_wait wait(mutex::scoped_lock& lock);

  /// The first in line gets in line for its mutex. If nobody waits, nothing happens.
  void notify_one() {
    detail::loop_access::check_thread(state_->core(), "condition::notify_one");
    state_->notify_one();
  }
  /// Everyone who waits gets in line for their mutex.
  void notify_all() {
    detail::loop_access::check_thread(state_->core(), "condition::notify_all");
    state_->notify_all();
  }

  /// How many wait to be notified. Takes time in proportion.
  [[nodiscard]] std::size_t waiting() const noexcept { return state_->line().size(); }

 private:
  detail::condition_state* state_;
};

}  // namespace interloop
