// SPDX-License-Identifier: MIT
// A loop whose clock a test moves: production code, no waiting, every run the same.
#pragma once

#include <interloop/loop.hpp>

namespace interloop::testing {

/// A loop with a clock of its own, which stands still unless the test moves it. Everything else is real: the core is the
/// one of every loop, descriptors are watched by `poll`, threads may post.
///
/// `loop::run` moves the clock to the next timer whenever nothing is ready; where something always is, a descriptor that is
/// never read say, after 100,000 turns.
///
/// Thread safety: as `loop`. Source: Twisted's `task.Clock`, trio's `MockClock`.
class manual_loop : public loop_owner {
 public:
  /// The clock starts at an arbitrary point, the same in every run.
  manual_loop();

  /// Runs what is ready, then moves the clock by `span`, stopping at each timer on the way to run it and what it makes
  /// ready: what is due runs in the order of deadlines. The clock stops at its end, `time_point::max()`.
  /// Errors: `usage_error` if `span` is negative; as `run_ready`.
  void advance(duration span);

  /// Turns until nothing is ready, without moving the clock; descriptors are looked at, never waited for. Callables that
  /// other threads post while this runs are included.
  /// Errors: `usage_error` after 100,000 turns: then callbacks keep queueing each other.
  void run_ready();

  /// One look at everything: one turn, if a wake-up came, and each ready descriptor once. Returns whether anything was
  /// done.
  bool step();

  /// When the next timer fires, or nothing: `time_point::max()`.
  [[nodiscard]] time_point next_alarm() const noexcept;
};

}  // namespace interloop::testing
