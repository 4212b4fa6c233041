// SPDX-License-Identifier: MIT
// A loop whose clock a test moves: production code without waiting, and every run is the same.
#pragma once

#include <interloop/loop.hpp>

namespace interloop::testing {

/// A loop with a clock of its own, which stands still unless the test moves it. Everything else is real: the core is
/// the same as that of every loop, descriptors are watched by `poll`, threads may post.
///
/// `loop::run` moves the clock to the next timer whenever nothing is ready. If something is always ready (a descriptor
/// that is never read, say), it does so after 100,000 turns.
///
/// Thread safety: as `loop`. Source: Twisted's `task.Clock`, trio's `MockClock`.
class manual_loop : public loop_owner {
 public:
  /// The clock starts at an arbitrary point, the same in every run.
  manual_loop();

  /// Runs what is ready, then moves the clock by `span`. At each timer on the way it stops to run the timer and what
  /// that makes ready, so timers run in the order of their deadlines. The clock stops at its end, `time_point::max()`.
  /// Errors: `usage_error` if `span` is negative; as `run_ready`.
  void advance(duration span);

  /// Turns until nothing is ready, without moving the clock; descriptors are polled, never waited for. Callables that
  /// other threads post while this runs are included.
  /// Errors: `usage_error` after 100,000 turns, because callbacks keep queueing each other.
  void run_ready();

  /// Looks at everything once: one turn, if a wake-up came, and each ready descriptor once. Returns whether anything
  /// was done.
  bool step();

  /// Moves the clock to the next timer and runs one turn. Returns false, without doing anything, if there is no timer.
  bool step_to_alarm();

  /// When the next timer fires; `time_point::max()` if there is none.
  [[nodiscard]] time_point next_alarm() const noexcept;
};

}  // namespace interloop::testing
