// SPDX-License-Identifier: MIT
#include "ticks.hpp"

#include <chrono>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace interloop::measure {

namespace {

#if defined(__x86_64__)
/// Both clocks at one moment, as nearly as some tries find it: the thread may be interrupted in between.
struct moment {
  ticks counter = 0;
  std::uint64_t steady = 0;
};
moment both() noexcept {
  moment best;
  ticks least = ~ticks{0};
  for (int tries = 0; tries < 8; ++tries) {
    const ticks before = __rdtsc();
    const std::uint64_t steady = steady_ticks();
    const ticks after = __rdtsc();
    if (after - before >= least) continue;
    least = after - before;
    best = {before + least / 2, steady};
  }
  return best;
}
#endif

tick_rate find() noexcept {
#if defined(__x86_64__)
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  constexpr unsigned power = 0x80000007U;
  constexpr unsigned invariant = 1U << 8U;
  if (__get_cpuid(power, &a, &b, &c, &d) != 0 && (d & invariant) != 0) {
    constexpr std::uint64_t span = 200'000;
    const moment from = both();
    while (steady_ticks() - from.steady < span) continue;
    const moment to = both();
    if (to.counter > from.counter)
      return {true, static_cast<double>(to.steady - from.steady) / static_cast<double>(to.counter - from.counter)};
  }
#elif defined(__aarch64__)
  ticks frequency;
  asm volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
  if (frequency != 0) return {true, 1e9 / static_cast<double>(frequency)};
#endif
  return {false, 1.0};
}

}  // namespace

ticks steady_ticks() noexcept {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<ticks>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

const tick_rate& rate_of_ticks() noexcept {
  static const tick_rate found = find();
  return found;
}

}  // namespace interloop::measure
