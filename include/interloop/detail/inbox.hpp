// SPDX-License-Identifier: MIT
// Where other threads leave callables for a loop: a locked queue that the loop swaps out whole, once a turn.
//
// Concurrency. `mutex` guards everything but `filled`, which the loop reads without the lock to skip it when nothing
// came; a stale false only delays the callable to the turn that the wake-up brings. `port` is called under the lock, and
// cleared under it when the loop closes, so a wake-up never meets a port that is gone.
#pragma once

#include <interloop/detail/task_queue.hpp>
#include <interloop/error.hpp>
#include <interloop/loop_port.hpp>

#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

namespace interloop::detail {

class inbox {
 public:
  explicit inbox(loop_port& port) noexcept : port_(&port) {}

  /// Appends; wakes the loop if this is the first since it last looked. Throws `loop_closed`. Any thread.
  template <class F>
  void push(F&& callable) {
    std::lock_guard lock(mutex_);
    if (!port_) throw_loop_closed("post: the loop is closed; nothing can be queued on it");
    queue_.push(std::forward<F>(callable));
    if (!filled_.load(std::memory_order_relaxed)) {
      filled_.store(true, std::memory_order_relaxed);
      port_->wake();
    }
  }

  /// Swaps what has come into `into`, which must be empty. The loop's thread.
  void take(task_queue& into) {
    if (!filled_.load(std::memory_order_relaxed)) return;
    std::lock_guard lock(mutex_);
    filled_.store(false, std::memory_order_relaxed);
    queue_.swap(into);
  }

  /// From here on `push` throws. What is queued goes to `into`. The loop's thread.
  void close(task_queue& into) noexcept {
    std::lock_guard lock(mutex_);
    port_ = nullptr;
    filled_.store(false, std::memory_order_relaxed);
    queue_.swap(into);
  }

  /// For whoever would block: the thread of the last turn; no thread before the first, and where several have turned,
  /// since then none of them is the loop's.
  void turned_in(std::thread::id self) noexcept {
    const std::thread::id last = turner_.load(std::memory_order_relaxed);
    if (last == self || several_) return;
    several_ = last != std::thread::id{};
    turner_.store(several_ ? std::thread::id{} : self, std::memory_order_relaxed);
  }
  [[nodiscard]] bool turns_here() const noexcept {
    return turner_.load(std::memory_order_relaxed) == std::this_thread::get_id();
  }
  /// Whether this process was forked after the loop was made, which has no thread here.
  [[nodiscard]] bool inherited() const noexcept { return forks_ != fork_count(); }

 private:
  /// How many forks led from the process's start to here.
  static unsigned fork_count() noexcept;

  const unsigned forks_ = fork_count();
  bool several_ = false;
  std::atomic<std::thread::id> turner_{};
  std::mutex mutex_;
  loop_port* port_;
  task_queue queue_;
  std::atomic<bool> filled_{false};
};

}  // namespace interloop::detail
