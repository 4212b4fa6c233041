// SPDX-License-Identifier: MIT
#include "pulse.hpp"

#include <interloop/fork_count.hpp>

#include "core/base/signals_blocked.hpp"

#include <algorithm>
#include <chrono>
#include <system_error>

namespace interloop::measure {

pulse::pulse(duration period) noexcept : period_(period), forks_(fork_count()) {}

pulse::owned pulse::start(duration period) {
  owned made(new pulse(period));
  try {
    const detail::signals_blocked blocked;
    made->thread_ = std::thread([beating = made.get()] { beating->beat(); });
  } catch (const std::system_error&) {
    made.reset();
  }
  return made;
}

void pulse::ender::operator()(pulse* ended) const noexcept {
  if (ended->forks_ != fork_count()) return;  // its memory is lost, because its thread cannot be joined
  if (ended->thread_.joinable()) {
    {
      const std::lock_guard lock(ended->mutex_);
      ended->stop_ = true;
    }
    ended->over_.notify_all();
    ended->thread_.join();
  }
  delete ended;
}

void pulse::beat() {
  constexpr int patience = 64;
  constexpr duration longest = std::chrono::milliseconds(250);
  int idle = 0;
  std::unique_lock lock(mutex_);
  while (!over_.wait_for(lock, idle < patience ? period_ : std::max(period_, longest), [this] { return stop_; })) {
    count_.store(count_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    idle = busy_.load(std::memory_order_relaxed) ? 0 : std::min(idle + 1, patience);
  }
}

}  // namespace interloop::measure
