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

/// The processor that the calling thread runs on, which may be another one by the time this returns: a hint.
inline int this_cpu() noexcept { return ::sched_getcpu(); }

}  // namespace interloop::detail
