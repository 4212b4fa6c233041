// SPDX-License-Identifier: MIT
// Clocks and the chrono types that carry units. The loop's own clock is `loop::now()`; these two are process-wide.
#pragma once

#include <interloop/detail/chrono.hpp>

#include <cstdint>

namespace interloop {

/// A span of time. Any `std::chrono` duration converts: `5s`, `1500us`, `std::chrono::duration<double>(0.25)` by
/// `to_duration`.
using duration = std::chrono::nanoseconds;

/// A point on a loop's monotonic clock. Points of two loops can be compared only if both use `steady_clock`; a
/// `manual_loop` starts at an arbitrary point.
using time_point = std::chrono::steady_clock::time_point;

/// Wall-clock time in nanoseconds since the Unix epoch. May jump. Thread safety: any thread. Source: `txaio.time_ns`.
[[nodiscard]] inline std::int64_t time_ns() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// A monotonic clock in nanoseconds, for measuring spans: only differences mean something. Thread safety: any thread.
/// Source: `txaio.perf_counter_ns`.
[[nodiscard]] inline std::int64_t perf_counter_ns() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// Converts any chrono duration to nanoseconds, rounded up, so that a timer is never early. Infinity and values that do
/// not fit become the largest or smallest duration; NaN becomes zero.
template <class Rep, class Period>
[[nodiscard]] constexpr duration to_duration(std::chrono::duration<Rep, Period> span) noexcept {
  if (span != span) return duration::zero();
  using wide = std::chrono::duration<long double, std::nano>;
  if (wide(span) >= wide((duration::max)())) return (duration::max)();
  if (wide(span) <= wide((duration::min)())) return (duration::min)();
  if constexpr (std::chrono::treat_as_floating_point_v<Rep>) {  // rounding may yield a value that does not fit
    if (std::chrono::duration<Rep, std::nano>(span).count() >= Rep(0x1p63)) return (duration::max)();
  }
  return std::chrono::ceil<duration>(span);
}

constexpr duration to_duration(duration span) noexcept { return span; }

}  // namespace interloop
