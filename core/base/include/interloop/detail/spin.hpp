// SPDX-License-Identifier: MIT
// For threads that wait a moment for another without sleeping: a hint to the processor, and a lock.
#pragma once

#include <sched.h>

#include <atomic>

namespace interloop::detail {

/// Tells the processor that this is a waiting loop.
inline void relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// The processor that the calling thread runs on, which may be another one by the time this returns: a hint.
inline int this_cpu() noexcept { return ::sched_getcpu(); }

/// A lock for a few nanoseconds' work. Unlocking is a plain store, whereas a mutex needs a second atomic operation to
/// learn whether a thread sleeps. A thread that finds the lock held spins, then yields, and finally sleeps, so that a
/// high-priority thread does not keep the holder from running.
class short_lock {
 public:
  void lock() noexcept {
    // Acquire, paired with the release in unlock, makes the last holder's writes visible.
    while (held_.exchange(true, std::memory_order_acquire)) wait();
  }
  void unlock() noexcept { held_.store(false, std::memory_order_release); }

 private:
  void wait() const noexcept;
  std::atomic<bool> held_{false};
};

}  // namespace interloop::detail
