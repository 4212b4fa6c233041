// SPDX-License-Identifier: MIT
// Scheduling, cancelling, moving and firing with Asio's own timers, from 10 thousand to a million.
//
// The timer objects are made beforehand. They have their own time, which can be skipped at once, so that all are due in
// one run: deadlines are relative to 120 s ago if they are to fire.
#include "bench/timers.hpp"

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <vector>

namespace bench {
namespace {

class asio_timer {
 public:
  explicit asio_timer(std::size_t count) {
    timers_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) timers_.emplace_back(io_);
  }

  void schedule(std::size_t i, std::int64_t at) {
    timers_[i].expires_at(begin_ + std::chrono::nanoseconds(at));
    wait(i);
  }
  void cancel(std::size_t i) { timers_[i].cancel(); }
  void move(std::size_t i, std::int64_t at) { schedule(i, at); }  // expires_at cancels
  /// Asio calls cancelled handlers too, and frees their memory only then. Nothing is due here.
  void settle() {
    io_.restart();
    io_.poll();
  }
  void fire() { settle(); }
  std::size_t fired() const { return fired_; }

 protected:
  asio::steady_timer& timer(std::size_t i) { return timers_[i]; }
  void wait(std::size_t i) {
    timers_[i].async_wait([this](const asio::error_code& cancelled) {
      if (!cancelled) ++fired_;
    });
  }

  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now() + std::chrono::hours(1);

 private:
  asio::io_context io_{1};
  std::vector<asio::steady_timer> timers_;
  std::size_t fired_ = 0;
};

class asio_timer_due : public asio_timer {
 public:
  explicit asio_timer_due(std::size_t count) : asio_timer(count) {
    begin_ = std::chrono::steady_clock::now() - std::chrono::seconds(120);
  }
};

/// With a delay instead of a time, as `call_later` has it: it reads the clock at each call, too.
class asio_timer_after : public asio_timer {
 public:
  using asio_timer::asio_timer;
  void schedule(std::size_t i, std::int64_t delay) {
    timer(i).expires_after(std::chrono::nanoseconds(delay));
    wait(i);
  }
};

BENCH_TIMERS_OF(asio_timer, schedule);
BENCH_TIMERS_OF(asio_timer_after, schedule);
BENCH_TIMERS_OF(asio_timer, cancel);
BENCH_TIMERS_OF(asio_timer, move);
BENCH_TIMERS_OF(asio_timer, postpone);
BENCH_TIMERS_OF(asio_timer_due, fire);

}  // namespace
}  // namespace bench
