// SPDX-License-Identifier: MIT
// The fastest clock that the machine has, for code that reads it around every callback.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace interloop::measure {

/// Counts of a clock that runs at a constant rate and agrees between processors.
using ticks = std::uint64_t;

/// How ticks and nanoseconds belong together. Found out once in a process; on x86-64, that takes 0.2 ms.
struct tick_rate {
  bool counter;        // whether the processor's counter is used; otherwise a tick is a nanosecond of steady_clock
  double nanoseconds;  // a tick has
};
[[nodiscard]] const tick_rate& rate_of_ticks() noexcept;

/// `steady_clock`, in nanoseconds.
[[nodiscard]] ticks steady_ticks() noexcept;

/// \param counter  as in the rate.
[[nodiscard]] inline ticks read_ticks([[maybe_unused]] bool counter) noexcept {
#if defined(__x86_64__)
  if (counter) [[likely]]
    return __rdtsc();
#elif defined(__aarch64__)
  if (counter) [[likely]] {
    ticks now;
    asm volatile("mrs %0, cntvct_el0" : "=r"(now));
    return now;
  }
#endif
  return steady_ticks();
}

/// From one reading to a later one; 0 if the clock seems to have gone backwards.
[[nodiscard]] inline std::uint64_t nanoseconds_between(ticks from, ticks to, double each) noexcept {
  return to <= from ? 0 : static_cast<std::uint64_t>(static_cast<double>(to - from) * each);
}

}  // namespace interloop::measure
