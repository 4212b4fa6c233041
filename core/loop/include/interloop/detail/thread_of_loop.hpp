// SPDX-License-Identifier: MIT
// Which thread is the loop's: all knowledge about that, and the answers to all questions about it.
//
// There are two sources. The core reports where it turns, where `loop::run` runs and where the loop closes. The port
// may know more: see `loop_port::in_loop_thread` and `loop_port::knowledge`. Threads are distinguished by numbers,
// because their ids are reused.
//
// Concurrency. The words are written by the loop's thread and read by any thread, relaxed: a question that is asked
// while the loop moves to another thread may get either answer. The port is asked under a lock, and not any more once
// the loop closes, so it need not guard what its answer depends on. Turns and runs neither lock nor use an atomic
// operation that costs more than a plain one.
#pragma once

#include <interloop/detail/layout.hpp>
#include <interloop/detail/spin.hpp>

#include <atomic>
#include <cstdint>

namespace interloop {
class loop_port;
enum class thread_knowledge : unsigned char;
}  // namespace interloop

namespace interloop::detail {

/// A number for the calling thread that no other thread of the process ever has.
[[nodiscard]] std::uint64_t this_thread() noexcept;

/// Part of the inbox, so that handles for other threads can ask when the loop may be gone.
class thread_of_loop {
 public:
  /// The loop is being made in this thread.
  explicit thread_of_loop(loop_port& port) noexcept;
  thread_of_loop(const thread_of_loop&) = delete;
  thread_of_loop& operator=(const thread_of_loop&) = delete;
  ~thread_of_loop() = default;

  // ---- Any thread may ask ----

  /// Whether the caller may touch the loop's objects: in the thread of the last turn (before the first one, in the one
  /// that made the loop; after the end, in the one that closed it), in `loop::run`, or if the port says so.
  [[nodiscard]] bool may_touch() const noexcept;

  /// Whether a caller that blocks until the loop does something would deadlock. If nothing else is known, the thread of
  /// the last turn counts as the loop's until `loop::run` returns.
  [[nodiscard]] bool waits_for_itself() const noexcept;

  /// Whether another thread runs the loop right now: it is in a turn or in `loop::run`, and the caller may not touch the
  /// loop's objects.
  [[nodiscard]] bool runs_elsewhere() const noexcept;

  /// Whether this thread alone may run the native loop, as far as the core knows: as `waits_for_itself`, but the port is
  /// never asked.
  [[nodiscard]] bool ran_here() const noexcept;

  /// Whether any thread is in a turn.
  [[nodiscard]] bool turning() const noexcept { return turning_.load(std::memory_order_relaxed) != nobody; }

  // ---- Reports of the loop's thread ----

  /// While it exists, a turn runs in this thread; turns nest.
  class turn_scope;
  /// While it exists, `loop::run` runs in this thread.
  class run_scope;

  /// The loop closes in this thread; the port is not asked from here on. Destructors that run until `closed` must not
  /// wait for the loop.
  void closes() noexcept;
  void closed() noexcept;

  // ---- Forks ----

  /// Keeps other threads from asking the port, until `fork_is_over`.
  void before_fork() noexcept { asking_.lock(); }
  void fork_is_over() noexcept { asking_.unlock(); }

 private:
  template <class>
  friend struct look_access;
  using word = std::uint64_t;
  static constexpr word nobody = 0;
  // Bits of `last_`, above which is a thread's number.
  static constexpr word surely = 1;  // no other thread runs the native loop
  static constexpr word made = 2;    // nothing has run yet
  static constexpr int bits = 2;

  [[nodiscard]] static bool is_here(word last) noexcept { return last >> bits == this_thread(); }
  void turns_in(word self) noexcept;
  [[nodiscard]] bool port_says() const noexcept;

  const thread_knowledge knowledge_;
  std::atomic<word> last_;             // the thread in which the loop was made, last turned, runs, or was closed
  std::atomic<word> turning_{nobody};  // the thread that is in a turn
  std::atomic<word> running_{nobody};  // the thread in `loop::run`; on a strand, others may turn meanwhile
  mutable short_lock asking_;
  loop_port* port_;  // null from `closes` on; written by the loop's thread, under the lock
};

class thread_of_loop::turn_scope {
 public:
  explicit turn_scope(thread_of_loop& whose) noexcept;
  turn_scope(const turn_scope&) = delete;
  turn_scope& operator=(const turn_scope&) = delete;
  ~turn_scope();

 private:
  thread_of_loop& whose_;
  const word outer_;
};

class thread_of_loop::run_scope {
 public:
  explicit run_scope(thread_of_loop& whose) noexcept;
  run_scope(const run_scope&) = delete;
  run_scope& operator=(const run_scope&) = delete;
  ~run_scope();

 private:
  thread_of_loop& whose_;
};

}  // namespace interloop::detail
