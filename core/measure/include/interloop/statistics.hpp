// SPDX-License-Identifier: MIT
// What a loop has done so far, in numbers: as a value, a line of text, JSON, or for Prometheus.
//
// Counting is always on. It costs a few instructions a turn, a timer and a post from another thread, and one for a
// callback; only times of turns need a clock, and are measured if asked for.
#pragma once

#include <interloop/loop.hpp>
#include <interloop/time.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace interloop {

/// How late timers ran: from a timer's deadline to the reading of the clock by which its turn found it due.
struct lateness_histogram {
  /// How many timers were late by less than 1 µs, 2 µs, 4 µs… and not by less than the one before; the last: by more.
  std::array<std::uint64_t, 25> counts{};
  /// Of all together.
  duration sum{};

  /// Below which lateness counts[index] counts; `duration::max()` for the last.
  [[nodiscard]] static duration limit(std::size_t index) noexcept;
};

/// A copy of what a loop has counted since it was made, and of what it has to do.
struct loop_statistics {
  std::string_view loop;    ///< its name; static storage
  std::uint64_t turns = 0;  ///< and events of watches
  std::uint64_t callbacks =
      0;                     ///< callables called: queued ones, timers, watches; a completed future's callbacks are one
  std::uint64_t timers = 0;  ///< those of them that were timers
  std::uint64_t posts = 0;   ///< callables that other threads posted, and this one outside of its turns
  std::uint64_t wake_ups = 0;            ///< how often the native loop was asked for a turn
  std::uint64_t wake_ups_by_posts = 0;   ///< those of them that a post asked for
  std::uint64_t longest_generation = 0;  ///< the most queued callables that ran without the loop looking up in between
  duration longest_turn{};               ///< since `time_turns` switched it on; zero if it is off
  lateness_histogram lateness;
  // What there is now.
  std::size_t queued = 0;         ///< callables in the ready queue
  std::size_t posts_waiting = 0;  ///< posted callables that the loop has not taken yet
  std::size_t pending_timers = 0;
  std::size_t pending_futures = 0;  ///< futures and coroutines, and lines in which coroutines wait
  std::size_t watches = 0;
  std::size_t holds = 0;
};

/// \return what the loop has counted. Visits what is queued and pending: some nanoseconds each.
/// Thread safety: the loop's thread only; from another, `run_in_reactor` a call of it. Errors: none; a closed loop keeps
/// its counts.
[[nodiscard]] loop_statistics statistics(loop& core);

/// Measures how long turns take, for `longest_turn`, from the next turn on: two readings of the clock a turn.
/// \param on  false: stops, and forgets the longest.
/// Thread safety: the loop's thread only. Errors: `std::bad_alloc`, `loop_closed`.
void time_turns(loop& core, bool on);

/// "libuv: 12 turns, 40 callbacks, 3 timers…", for a log. Errors: `std::bad_alloc`.
[[nodiscard]] std::string to_text(const loop_statistics& all);

/// One object with the members' names; times are in nanoseconds. Errors: `std::bad_alloc`.
[[nodiscard]] std::string to_json(const loop_statistics& all);

/// Prometheus's text format, version 0.0.4: metrics `interloop_…`, with the label `loop`. Times are in seconds.
/// \param name  the label's value, for programs with several loops; empty: the loop's name.
/// Errors: `std::bad_alloc`. Source: https://prometheus.io/docs/instrumenting/exposition_formats/
[[nodiscard]] std::string to_prometheus(const loop_statistics& all, std::string_view name = {});

}  // namespace interloop
