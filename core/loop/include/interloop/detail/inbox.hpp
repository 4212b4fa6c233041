// SPDX-License-Identifier: MIT
// Where other threads leave callables for a loop: a locked queue that the loop swaps out whole, once per turn.
//
// Concurrency. `lock_` guards the queue and `port_`. `state_` says whether a wake-up is needed. `empty`: the pushing
// thread wakes the loop. `filled`: a wake-up is on its way. `expecting`: the loop's thread looks again before it
// returns to its native loop, so no wake-up is needed. Pushing sets it to `filled`, under the lock; all other changes
// are the loop thread's. The loop reads it without the lock to skip an empty queue; a stale `empty` only delays the
// callable until the turn that the wake-up causes. No user code may run while it is `expecting`, because that code
// could run the native loop.
//
// The loop is woken after the lock is released: otherwise, if it wakes on the same processor, it would block on the
// lock and sleep again. `wakers_` counts the wake-ups under way, and closing waits for them, so that a wake-up never
// reaches a destroyed port.
//
// A fork first takes the locks of all inboxes, and waits for the wake-ups under way. So the child, which has none of
// the pushing threads, finds the queues intact, and these locks and the native loop's own are free.
#pragma once

#include <interloop/detail/layout.hpp>
#include <interloop/detail/library_copy.hpp>
#include <interloop/detail/spin.hpp>
#include <interloop/detail/task_queue.hpp>
#include <interloop/detail/thread_of_loop.hpp>
#include <interloop/error.hpp>

#include <sched.h>

#include <atomic>
#include <cstdint>
#include <source_location>
#include <utility>

namespace interloop::detail {

/// Is told of what goes through an inbox. Both functions are called under the inbox's lock.
class post_notes {
 public:
  /// Something was pushed, by this thread.
  virtual void posted() noexcept = 0;
  /// The loop takes everything.
  virtual void taken() noexcept = 0;

 protected:
  ~post_notes() = default;
};

/// Reference-counted, by its loop and by the handles that post to the loop.
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

  /// Throws `usage_error` if called from a copy of the library other than the one that made the loop.
  void require_same_copy() const {
    if (copy_ != &this_copy) [[unlikely]]
      throw_two_copies();
  }

  /// Appends; wakes the loop if this is the first since it last looked. Throws `loop_closed`; as `require_same_copy`.
  /// Any thread.
  template <class F>
  void push(F&& callable, std::source_location where) {
    require_same_copy();
    loop_port* to_wake = nullptr;
    {
      const guard locked(lock_);
      if (!port_) throw_loop_closed("post: the loop is closed; nothing can be queued on it");
      queue_.push(std::forward<F>(callable), where);
      ++posts_;
      if (notes_) [[unlikely]]
        notes_->posted();
      if (state_.load(std::memory_order_relaxed) != state::filled &&
          state_.exchange(state::filled, std::memory_order_relaxed) == state::empty) {
        posted_on_.store(this_cpu(), std::memory_order_relaxed);
        to_wake = port_;
        ++wakes_;
        wakers_.fetch_add(1, std::memory_order_relaxed);
      }
    }
    if (to_wake) wake(*to_wake);
  }

  /// Whether the inbox holds something; what other threads have just pushed may be missed, what the calling thread
  /// pushed is not. Any thread.
  [[nodiscard]] bool filled() const noexcept { return state_.load(std::memory_order_relaxed) == state::filled; }

  /// Whether `push` throws `loop_closed`; once true, always. Any thread.
  [[nodiscard]] bool closed() noexcept {
    const guard locked(lock_);
    return !port_;
  }

  /// Swaps the queued callables into `into`, which must be empty. The loop's thread.
  void take(task_queue& into) {
    if (state_.load(std::memory_order_relaxed) != state::filled) return;
    turned_on_.store(this_cpu(), std::memory_order_relaxed);
    const guard locked(lock_);
    state_.store(state::empty, std::memory_order_relaxed);
    queue_.swap(into);
    taken_ = posts_;
    if (notes_) [[unlikely]]
      notes_->taken();
  }

  /// What has been pushed since the loop was made, what of it waits now, and how often the loop was woken for it.
  struct counts {
    std::uint64_t posts;
    std::uint64_t waiting;
    std::uint64_t wakes;
  };
  /// Any thread.
  [[nodiscard]] counts count() noexcept {
    const guard locked(lock_);
    return {posts_, posts_ - taken_, wakes_};
  }
  /// From here on `notes` is told, null: nobody. Returns how many callables wait now, of which it was not told.
  std::uint64_t set_notes(post_notes* notes) noexcept {
    const guard locked(lock_);
    notes_ = notes;
    return posts_ - taken_;
  }

  /// From here to `linger`, pushing needs no wake-up. The loop's thread, in a turn.
  void expect() noexcept {
    state old = state::empty;
    state_.compare_exchange_strong(old, state::expecting, std::memory_order_relaxed);
  }

  /// After callables of the inbox have run: takes what has arrived since, if anything. If that recently paid off, and
  /// the other thread runs on another processor, it spins for a moment: a thread that calls again as soon as it has its
  /// answer then costs no wake-up. The loop's thread.
  bool linger(task_queue& into);

  /// Ends what `expect` began, when `linger` will not be called. Returns whether the loop must be woken.
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
      taken_ = posts_;
      notes_ = nullptr;
    }
    wait_for_wakers();
  }

  /// Calls `read()` while nothing can be pushed.
  template <class Read>
  void while_locked(Read read) {
    const guard locked(lock_);
    read();
  }

  /// The processor that the loop's thread last took callables on; -1 before. A hint. Any thread.
  [[nodiscard]] int turned_on() const noexcept { return turned_on_.load(std::memory_order_relaxed); }

  /// Which thread is the loop's.
  [[nodiscard]] thread_of_loop& thread() noexcept { return thread_; }

  /// Whether this process was forked after the loop was made: the loop's thread is not in this process.
  [[nodiscard]] bool inherited() const noexcept { return forks_ != copy_->forks.load(std::memory_order_relaxed); }

 private:
  friend struct inbox_list;
  template <class>
  friend struct look_access;
  enum class state : std::uint8_t { empty, filled, expecting };

  class guard {  // std::lock_guard's header costs more than this whole header
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

  library_copy* const copy_ = &this_copy;  // first, so that a differently built copy finds it too
  std::atomic<unsigned> references_{1};    // of the loop and of its remotes
  const unsigned forks_ = copy_->forks.load(std::memory_order_relaxed);
  short_lock lock_;
  loop_port* port_;
  task_queue queue_;
  // Under the lock.
  std::uint64_t posts_ = 0;
  std::uint64_t taken_ = 0;
  std::uint64_t wakes_ = 0;
  post_notes* notes_ = nullptr;
  std::atomic<state> state_{state::empty};
  std::atomic<int> wakers_{0};
  std::atomic<int> turned_on_{-1};  // processors, as hints
  std::atomic<int> posted_on_{-1};
  // The loop's thread only: how many more times to spin without success, and how often spinning was skipped.
  int patience_ = 0;
  unsigned skipped_ = 0;
  thread_of_loop thread_;
  inbox* next_ = nullptr;  // list of all inboxes
  inbox** link_ = nullptr;
};

}  // namespace interloop::detail
