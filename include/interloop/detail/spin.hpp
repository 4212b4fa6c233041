// SPDX-License-Identifier: MIT
// What a thread needs that waits a moment for another without sleeping: a hint to the processor, a lock.
#pragma once

#include <sched.h>

#include <atomic>

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

/// A lock for a few nanoseconds' work. Unlocking is a plain store, where a mutex needs a second atomic operation to learn
/// whether someone sleeps. Who finds it held spins, then yields, and at last sleeps, lest a thread of high priority
/// keep the one that holds it from running.
class short_lock {
 public:
  void lock() noexcept {
    // Acquire, with the release of unlock: what the last holder did is seen.
    while (held_.exchange(true, std::memory_order_acquire)) wait();
  }
  void unlock() noexcept { held_.store(false, std::memory_order_release); }

 private:
  void wait() const noexcept;
  std::atomic<bool> held_{false};
};

}  // namespace interloop::detail
