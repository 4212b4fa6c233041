// SPDX-License-Identifier: MIT
#include <interloop/detail/inbox.hpp>

#include <pthread.h>

namespace interloop::detail {

namespace {

std::atomic<unsigned> forks{0};
[[maybe_unused]] const int registered =
    pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });

}  // namespace

bool inbox::linger(task_queue& into) {
  constexpr int patient = 4;
  constexpr unsigned look_again = 64;
  constexpr int gather = 16;
  constexpr auto moment = std::chrono::microseconds(2);

  if (patience_ == 0 && ++skipped_ % look_again == 0) patience_ = 1;
  if (patience_ > 0) {
    expect();
    const auto came = [this] { return state_.load(std::memory_order_relaxed) == state::filled; };
    if (posted_on_.load(std::memory_order_relaxed) == this_cpu()) {
      if (!came()) ::sched_yield();
    } else if (came()) {
      // A stream: let more of it come before taking the lock from whoever pushes.
      for (int i = 0; i < gather; ++i) relax();
    } else {
      const auto until = std::chrono::steady_clock::now() + moment;
      for (int i = 1; !came() && (i % 8 != 0 || std::chrono::steady_clock::now() < until); ++i) relax();
    }
    patience_ = came() ? patient : patience_ - 1;
  }
  if (!stop_expecting()) return false;
  take(into);
  return true;
}

unsigned fork_count() noexcept { return forks.load(std::memory_order_relaxed); }

std::uint64_t this_thread() noexcept {
  static constinit std::atomic<std::uint64_t> last{0};
  static constinit thread_local std::uint64_t number = 0;
  if (number == 0) [[unlikely]]
    number = last.fetch_add(1, std::memory_order_relaxed) + 1;
  return number;
}

}  // namespace interloop::detail
