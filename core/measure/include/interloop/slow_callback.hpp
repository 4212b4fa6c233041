// SPDX-License-Identifier: MIT
// What held a loop for too long: reported when it is over, or by a watchdog while it lasts.
#pragma once

#include <interloop/function.hpp>
#include <interloop/loop.hpp>
#include <interloop/time.hpp>

#include <csignal>
#include <memory>
#include <source_location>
#include <string>
#include <vector>

namespace interloop {

/// A callable that a loop called, or up to 8 calls from the same place in a row, between which the clock was not read
/// because those before took less than a thousandth of the threshold.
struct slow_callback {
  duration held{};     ///< how long all together took
  unsigned calls = 1;  ///< how many there were
  /// What it was: "timer connection::open()::<lambda()> (client.cpp:7)", "coroutine fetch(int) (client.cpp:31)",
  /// "callbacks of a future created in client.cpp:12, open()". Callables are named by their symbols; a stripped program
  /// has none.
  std::string what;
  std::source_location where;  ///< where it was made; its line is 0 where that is not known
};

using slow_handler = function<void(const slow_callback&)>;

/// Reports what holds the loop for a time, from the next turn on: a queued callable, a completed future's callbacks
/// together, a coroutine from one suspension to the next, a timer, or an event of a watch. If it runs the native loop
/// itself, the turns in there do not count as its time.
///
/// Costs nothing while it is off. While it is on, a callback costs about 2 ns more where others from the same place
/// surround it; where places change, one reading of the processor's counter more (5 to 10 ns).
/// \param threshold  the least time that is reported, in any unit; zero or less switches it off.
/// \param handler    called in the loop's thread, in the turn, some callbacks later; what it throws goes to the loop's
///                   exception handler, and its own time is not reported. Empty: a line on the standard error stream. It
///                   is destroyed when it is replaced or the loop's memory is freed. It is not called for a callback
///                   that closed the loop.
/// Thread safety: the loop's thread only. Errors: `loop_closed`, `std::bad_alloc`.
/// Source: asyncio's debug mode, `loop.slow_callback_duration`.
void set_slow_callback(loop& core, duration threshold, slow_handler handler = {});

/// A callback that holds its loop now.
struct stuck_callback {
  duration held{};             ///< for at least so long
  std::string loop;            ///< the loop's name
  std::string what;            ///< as in `slow_callback`
  std::source_location where;  ///< as in `slow_callback`
  /// The loop's thread's stack, innermost first, as lines "file:line in function". Only in programs that are linked with
  /// `throw_traces`; empty if the thread could not be interrupted.
  std::vector<std::string> stack;
};

/// Watches a loop from a thread of its own while it exists, and reports a callback that holds the loop when it has done
/// so for a time: once for each such callback. What the loop does is looked at four times in that time.
///
/// A callback that runs the native loop itself is watched until the first turn in there.
class watchdog {
 public:
  struct options {
    /// The signal by which the loop's thread is asked for its stack. It must have its default disposition, and gets a
    /// handler that stays. The loop's threads that interloop makes do not block SIGPROF. A system call that it interrupts
    /// goes on, except those that no handler lets go on, such as `poll` and `nanosleep`: these return `EINTR`. 0: no
    /// stacks, and no signal. Without `throw_traces` there is none either.
    int stack_signal = SIGPROF;
  };

  /// \param threshold  how long a callback may hold the loop; at least a millisecond.
  /// \param handler    called in the watchdog's thread; must not throw or use the loop, except to post to it. Destroyed
  ///                   by the watchdog's destructor.
  /// Thread safety: the loop's thread only. Errors: `usage_error` for a threshold that is too short, an empty handler, a
  /// second watchdog of the same loop, or a signal that has a handler already; `loop_closed`, `std::bad_alloc`,
  /// `std::system_error` if there can be no thread.
  watchdog(loop& core, duration threshold, function<void(const stuck_callback&)> handler);
  watchdog(loop& core, duration threshold, function<void(const stuck_callback&)> handler, options how);
  watchdog(watchdog&&) noexcept = default;
  watchdog& operator=(watchdog&&) = delete;
  /// Waits for a handler that runs. In the loop's thread.
  ~watchdog();

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace interloop
