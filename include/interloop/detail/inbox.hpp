// SPDX-License-Identifier: MIT
// Where other threads leave callables for a loop: a locked queue that the loop swaps out whole, once a turn.
//
// Concurrency. `lock_` guards the queue and `port_`. `state_` says who has to wake whom: `empty`, and whoever pushes
// wakes the loop; `filled`, and a wake-up is on its way; `expecting`, and the loop's thread looks again before it goes
// back to its native loop, so that no wake-up is needed. Pushing makes it `filled`, under the lock; the loop's thread does
// all the rest. The loop reads it without the lock to skip an empty queue; a stale `empty` only delays the callable to
// the turn that the wake-up brings. No user's code may run while it is `expecting`: that could run the native loop.
//
// The loop is woken after the lock is released: woken on the same processor it would run into the lock, and sleep again.
// So that a wake-up never meets a port that is gone, `wakers_` counts those under way, and closing waits for them.
//
// A fork takes the locks of all inboxes first, and waits for the wake-ups under way: the child, which has none of the
// threads that push, finds the queues whole, and these locks and the native loop's own free.
#pragma once

#include <interloop/detail/library_copy.hpp>
#include <interloop/detail/spin.hpp>
#include <interloop/detail/task_queue.hpp>
#include <interloop/error.hpp>

#include <sched.h>

#include <atomic>
#include <cstdint>
#include <utility>

namespace interloop {
class loop_port;
enum class thread_knowledge : unsigned char;
}  // namespace interloop

namespace interloop::detail {

/// A number for the calling thread that no other thread of the process has, ever.
[[nodiscard]] std::uint64_t this_thread() noexcept;

/// Counted: by its loop, and by what posts to that from elsewhere.
class inbox {
 public:
  explicit inbox(loop_port& port) noexcept;
  inbox(const inbox&) = delete;
  inbox& operator=(const inbox&) = delete;
  ~inbox();

  void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  /// Throws `usage_error` in another copy of the library than that which made the loop.
  void require_same_copy() const {
    if (copy_ != &this_copy) [[unlikely]]
      throw_two_copies();
  }

  /// Appends; wakes the loop if this is the first since it last looked. Throws `loop_closed`; as `require_same_copy`. Any
  /// thread.
  template <class F>
  void push(F&& callable) {
    require_same_copy();
    loop_port* to_wake = nullptr;
    {
      const guard locked(lock_);
      if (!port_) throw_loop_closed("post: the loop is closed; nothing can be queued on it");
      queue_.push(std::forward<F>(callable));
      if (state_.load(std::memory_order_relaxed) != state::filled &&
          state_.exchange(state::filled, std::memory_order_relaxed) == state::empty) {
        posted_on_.store(this_cpu(), std::memory_order_relaxed);
        to_wake = port_;
        wakers_.fetch_add(1, std::memory_order_relaxed);
      }
    }
    if (to_wake) wake(*to_wake);
  }

  /// Whether something waits in it that the calling thread has pushed; what others push may be missed. Any thread.
  [[nodiscard]] bool filled() const noexcept { return state_.load(std::memory_order_relaxed) == state::filled; }

  /// Swaps what has come into `into`, which must be empty. The loop's thread.
  void take(task_queue& into) {
    if (state_.load(std::memory_order_relaxed) != state::filled) return;
    turned_on_.store(this_cpu(), std::memory_order_relaxed);
    const guard locked(lock_);
    state_.store(state::empty, std::memory_order_relaxed);
    queue_.swap(into);
  }

  /// From here to `linger`, pushing does without a wake-up. The loop's thread, in a turn.
  void expect() noexcept {
    state old = state::empty;
    state_.compare_exchange_strong(old, state::expecting, std::memory_order_relaxed);
  }

  /// After callables of the inbox have run: takes what has come since, if something has. Where that lately paid, and the
  /// other thread runs on another processor, it looks for a moment: a thread that calls again as soon as it has its
  /// answer then costs no wake-up. The loop's thread.
  bool linger(task_queue& into);

  /// Ends what `expect` began where `linger` is not called any more. Returns whether the loop has to be woken.
  [[nodiscard]] bool stop_expecting() noexcept {
    state old = state::expecting;
    return !state_.compare_exchange_strong(old, state::empty, std::memory_order_relaxed) && old == state::filled;
  }

  /// From here on `push` throws. What is queued goes to `into`. The loop's thread.
  void close(task_queue& into) noexcept {
    {
      const guard locked(lock_);
      port_ = nullptr;
      state_.store(state::empty, std::memory_order_relaxed);
      queue_.swap(into);
    }
    wait_for_wakers();
  }

  /// The processor that the loop's thread last took callables on; -1 before. A hint. Any thread.
  [[nodiscard]] int turned_on() const noexcept { return turned_on_.load(std::memory_order_relaxed); }

  // Whether a thread that would block is the loop's own. Thread ids are used again, so threads are known by numbers.

  /// The loop turns in this thread.
  void turned_here() noexcept;
  /// `loop::run` begins or ends in this thread.
  void run_begins() noexcept;
  void run_is_over() noexcept { runner_.store(nobody, std::memory_order_relaxed); }
  /// `loop::close` begins in this thread: what it destroys must not wait for it either.
  void closes_here() noexcept;
  /// Whether waiting here would be waiting for oneself. Any thread.
  [[nodiscard]] bool runs_here();

  /// Whether this process was forked after the loop was made, which has no thread here.
  [[nodiscard]] bool inherited() const noexcept { return forks_ != copy_->forks.load(std::memory_order_relaxed); }

 private:
  friend struct inbox_list;
  enum class state : std::uint8_t { empty, filled, expecting };
  static constexpr std::uint64_t nobody = 0;

  class guard {  // std::lock_guard's header costs more than all of this one
   public:
    explicit guard(short_lock& lock) noexcept : lock_(lock) { lock.lock(); }
    guard(const guard&) = delete;
    guard& operator=(const guard&) = delete;
    ~guard() { lock_.unlock(); }

   private:
    short_lock& lock_;
  };

  void wake(loop_port& port) noexcept;
  void wait_for_wakers() const noexcept {
    while (wakers_.load(std::memory_order_acquire) != 0) ::sched_yield();
  }

  library_copy* const copy_ = &this_copy;  // first: a copy that was built in another way finds it too
  std::atomic<unsigned> references_{1};    // the loop's, and those of its remotes
  const unsigned forks_ = copy_->forks.load(std::memory_order_relaxed);
  const thread_knowledge knowledge_;
  std::atomic<std::uint64_t> runner_{nobody};
  short_lock lock_;
  loop_port* port_;
  task_queue queue_;
  std::atomic<state> state_{state::empty};
  std::atomic<int> wakers_{0};
  std::atomic<int> turned_on_{-1};  // processors, as hints
  std::atomic<int> posted_on_{-1};
  // The loop's thread only: how many more times to look for a moment unless that pays, and how often it was skipped.
  int patience_ = 0;
  unsigned skipped_ = 0;
  inbox* next_ = nullptr;  // of all there are
  inbox** link_ = nullptr;
};

}  // namespace interloop::detail
