// SPDX-License-Identifier: MIT
// The callback that a loop runs now, for a thread that watches it.
//
// Concurrency. The loop's thread stores, the other reads; all words are atomic, and none orders another. `count` changes
// with every callback, so a reader that finds it and the other words the same twice, some time apart, has read words
// that belong together.
#pragma once

#include "activity.hpp"
#include "this_thread.hpp"

#include <atomic>
#include <cstdint>
#include <cstring>

namespace interloop::measure {

/// Thread safety: as above.
class running_now {
 public:
  struct words {
    std::uint64_t count = 0;
    std::uint64_t what = 0;  // the kind, and a watch's number; 0: nothing
    std::uint64_t code = 0;
    std::uint64_t where = 0;
    bool operator==(const words&) const = default;

    [[nodiscard]] activity read() const noexcept {
      activity found;
      found.what = static_cast<activity::kind>(what & 0xffU);
      found.number = static_cast<int>(static_cast<std::uint32_t>(what >> 32U));
      found.code = reinterpret_cast<const void*>(static_cast<std::uintptr_t>(code));
      std::memcpy(static_cast<void*>(&found.where), &where, sizeof found.where);
      return found;
    }
  };

  // The loop's thread. A callback that runs the loop itself does not hold it: from there on it is not shown any more.
  void turn_begins() noexcept {
    thread_.store(this_thread(), std::memory_order_relaxed);
    write(0, 0, 0);
  }
  void turn_ends() noexcept { write(0, 0, 0); }
  void begins(const activity& next) noexcept {
    static_assert(sizeof next.where == sizeof(std::uint64_t));
    std::uint64_t where;
    std::memcpy(&where, static_cast<const void*>(&next.where), sizeof where);
    write(static_cast<std::uint64_t>(next.what) | static_cast<std::uint64_t>(static_cast<std::uint32_t>(next.number))
                                                      << 32U,
          reinterpret_cast<std::uintptr_t>(next.code), where);
  }
  void ends() noexcept { write(0, 0, 0); }

  // Any thread.
  [[nodiscard]] words read() const noexcept {
    return {count_.load(std::memory_order_relaxed), what_.load(std::memory_order_relaxed),
            code_.load(std::memory_order_relaxed), where_.load(std::memory_order_relaxed)};
  }
  /// The kernel's number of the thread of the last turn; 0 before the first.
  [[nodiscard]] int thread() const noexcept { return thread_.load(std::memory_order_relaxed); }

 private:
  void write(std::uint64_t what, std::uint64_t code, std::uint64_t where) noexcept {
    count_.store(count_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    what_.store(what, std::memory_order_relaxed);
    code_.store(code, std::memory_order_relaxed);
    where_.store(where, std::memory_order_relaxed);
  }

  std::atomic<std::uint64_t> count_{0};
  std::atomic<std::uint64_t> what_{0};
  std::atomic<std::uint64_t> code_{0};
  std::atomic<std::uint64_t> where_{0};
  std::atomic<int> thread_{0};
};

}  // namespace interloop::measure
