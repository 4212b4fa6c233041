// SPDX-License-Identifier: MIT
// What a thread needs that waits a moment for another without sleeping.
#pragma once

#include <sched.h>

namespace interloop::detail {

/// Tells the processor that this is a loop that waits.
inline void relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// How many processors the calling thread may use.
inline int usable_cpus() noexcept {
  cpu_set_t set;
  return ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

}  // namespace interloop::detail
