// SPDX-License-Identifier: MIT
// A count that a thread of its own advances, so that another thread sees time pass by loading a word.
//
// Concurrency. The thread stores `count_`, the loop's thread stores `busy_`; both are hints, and order nothing. From one
// advance to the next at least a period passes: more if the thread does not get to run, or if the loop has been idle for
// a while. A count that is n higher therefore says that n - 1 periods have passed, at least.
#pragma once

#include <interloop/time.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>

namespace interloop::measure {

class pulse {
 public:
  /// Ends the thread, unless it is another process's, from which this one was forked.
  struct ender {
    void operator()(pulse* ended) const noexcept;
  };
  using owned = std::unique_ptr<pulse, ender>;

  /// Null if there can be no thread. Errors: `std::bad_alloc`.
  [[nodiscard]] static owned start(duration period);

  pulse(const pulse&) = delete;
  pulse& operator=(const pulse&) = delete;

  [[nodiscard]] const std::atomic<std::uint64_t>& count() const noexcept { return count_; }
  /// Whether the loop is in a turn.
  void set_busy(bool is) noexcept { busy_.store(is, std::memory_order_relaxed); }

 private:
  explicit pulse(duration period) noexcept;
  ~pulse() = default;

  void beat();

  const duration period_;
  const unsigned forks_;
  std::atomic<std::uint64_t> count_{0};
  std::atomic<bool> busy_{false};
  std::mutex mutex_;
  std::condition_variable over_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace interloop::measure
