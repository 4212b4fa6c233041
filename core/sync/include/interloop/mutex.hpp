// SPDX-License-Identifier: MIT
// A lock that coroutines of one loop hold across a `co_await`.
//
// Coroutines of one loop do not run at the same time, so what happens between two `co_await`s needs no lock. Nothing here
// blocks a thread.
#pragma once

#include <interloop/semaphore.hpp>

#include <cstddef>

namespace interloop {

/// Held by one coroutine at a time. First come first served: an unlocked mutex goes to the first in line, and nobody
/// overtakes it.
///
/// If it is destroyed while coroutines wait, they get `broken_promise`, in a later turn; the lock that is held stays
/// valid. If its loop closes, coroutines that wait end with `loop_closed`. It may outlive the loop. One allocation when
/// it is made; none when it is used by coroutines.
/// Thread safety: the loop's thread only. Not recursive: a coroutine that locks it twice waits for itself.
/// Source: `asyncio.Lock`, `folly::coro::Mutex`.
class mutex {
 public:
  /// Unlocks when it is destroyed, and earlier by `release()`.
  using scoped_lock = permit;

  /// Errors: `std::bad_alloc`.
  explicit mutex(loop& core) : state_(new detail::permits(core, 1)) {}
  mutex(const mutex&) = delete;
  mutex& operator=(const mutex&) = delete;
  ~mutex() { state_->abandon(); }

  /// `mutex::scoped_lock lock = co_await m.lock()`: does not suspend if it is unlocked.
  ///
  /// A coroutine that is cancelled while it waits gives up its place; if it was given the lock in the same turn, the lock
  /// goes to the next in line.
  /// Errors: `cancelled_error`, `broken_promise`, `loop_closed`.
  acquiring lock() {
    detail::loop_access::check_thread(state_->core(), "mutex::lock");
    return {*state_, 1};
  }

  /// The lock, or an empty one if the mutex is locked.
  scoped_lock try_lock() {
    detail::loop_access::check_thread(state_->core(), "mutex::try_lock");
    if (!state_->try_take(1)) return {};
    return {*state_, 1};
  }

  [[nodiscard]] bool locked() const noexcept { return state_->free() == 0; }
  /// How many wait. Takes time in proportion.
  [[nodiscard]] std::size_t waiting() const noexcept { return state_->line().size(); }

 private:
  detail::permits* state_;
};

}  // namespace interloop
