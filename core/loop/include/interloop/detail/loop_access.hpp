// SPDX-License-Identifier: MIT
// The functions of a loop that only futures, coroutines and blocking calls use. Costs nothing by itself.
#pragma once

#include <interloop/loop.hpp>

#include <cstddef>
#include <new>
#include <source_location>
#include <utility>

namespace interloop::detail {

/// Thread safety: the loop's thread only, except where a function says "any thread".
class loop_access {
 public:
  /// Keeps the core's memory, even after the loop was closed.
  static void retain(loop& core) noexcept { core.retain(); }
  static void release(loop& core) noexcept { core.release(); }

  // ---- Checks at the beginning of functions ----

  /// Throws `usage_error` if called from a copy of the library other than the one that made the loop. Checked builds
  /// call this in every function that takes a loop or a future, other builds in `with_config`, `post` and blocking
  /// calls. Any thread.
  static void require_same_copy(const loop& core) { core.require_same_copy(); }
  static void require_same_copy(const loop_remote& remote) { remote.inbox_->require_same_copy(); }
  /// In checked builds: throws `wrong_thread` outside the loop's thread; the message names `function`.
  static void check_thread(const loop& core, const char* function) { core.check_thread(function); }
  /// The same, and throws `loop_closed`.
  static void require_open(const loop& core, const char* function) { core.require_open(function); }
  /// For functions that only look at a future: allowed when no other thread is known to run the loop, and after it was
  /// closed.
  static void check_reader([[maybe_unused]] const loop& core, [[maybe_unused]] const char* function) {
#if INTERLOOP_CHECKED
    if (core.runs_elsewhere()) throw_wrong_thread(function);
#endif
  }

  // ---- For futures ----

  /// Memory for futures, while the loop is retained.
  [[nodiscard]] static block_cache& blocks(loop& core) noexcept { return core.blocks_; }
  /// Adds a future to those that fail when the loop closes.
  static void enlist(loop& core, pending& future) noexcept { future.link_into(core.pending_); }
  /// The failure of pending futures when the loop closes; made beforehand, so that closing needs no memory.
  [[nodiscard]] static const failure& closing_failure(const loop& core) noexcept { return core.closing_failure_; }

  /// Whether errbacks that are destroyed because the loop closes are to be called.
  [[nodiscard]] static bool notifies(const loop& core) noexcept { return core.notifies_; }

  /// Appends a record to the ready queue. Returns false, without appending, if the loop is closed or memory is short.
  [[nodiscard]] static bool try_enqueue(loop& core, const task_queue::kind& what, void* object) noexcept {
    if (!core.quiet_) {
      if (core.closed_) return false;
      core.notice_quietly();
    }
    return core.ready_.push_reference(what, object);
  }
  /// Queues the dispatch of a completed future's callbacks, without failing: if memory is short they run from a list in
  /// the next turn, out of order. On a closed loop they are destroyed without being called.
  static void enqueue(loop& core, pending& completed) noexcept {
    if (!try_enqueue(core, *completed.ops->queued, &completed)) [[unlikely]]
      core.not_enqueued(completed);
  }

  /// While the loop closes: keeps `what` until everything else is destroyed and the turn is over, because coroutines
  /// may refer to it, and one of them may have closed the loop. At other times, or if memory is short, `what` is
  /// destroyed at once.
  template <class T>
  static void destroy_last(loop& core, T what) noexcept {
    try {
      if (core.destroyed_last_) core.destroyed_last_->push([kept = std::move(what)] {});
    } catch (const std::bad_alloc&) {
    }
  }

  // ---- For testing ----

  /// What a loop has to do.
  struct contents {
    std::size_t futures;  // pending
    std::size_t watches;
    std::size_t holds;
    std::size_t timers;
  };
  [[nodiscard]] static contents contents_of(const loop& core) noexcept;
  /// From now on, what a turn's callables queue runs in the next turn, so that a test can look in between.
  static void run_one_generation_a_turn(loop& core) noexcept;

  // ---- For blocking calls ----

  /// `remote.post(fn)`, called from a given place. Any thread.
  template <class F>
  static void post(const loop_remote& remote, F&& fn, std::source_location from) {
    remote.inbox_->push(std::forward<F>(fn), from);
  }
  /// Says that an answer is about to go to another thread, which may ask again at once: if nothing else is queued, what
  /// that thread posts from here to the end of the turn needs no wake-up. Inside a turn only; no user code may run in
  /// the current callable after this call.
  static void expect_posts(loop& core) noexcept {
    if (core.expects_ > 1 && core.depth_ == 1 && !core.has_ready()) core.inbox_->expect();
  }
  /// Whether a turn is under way in another thread. A hint. Any thread.
  [[nodiscard]] static bool in_turn(const loop_remote& remote) noexcept { return remote.inbox_->thread().turning(); }
  /// The processor that the loop's thread last ran posted callables on, -1 if it has not. A hint. Any thread.
  [[nodiscard]] static int last_cpu(const loop_remote& remote) noexcept { return remote.inbox_->turned_on(); }
};

}  // namespace interloop::detail
