// SPDX-License-Identifier: MIT
// Scheduling, cancelling, moving and firing with libev's own timers, from 10 thousand to a million.
//
// The timer objects are made beforehand. They have their own time, which can be skipped at once, so that all are due in
// one run: deadlines are relative to 120 s ago if they are to fire.
#include "bench/timers.hpp"

#include <ev.h>

#include <vector>

namespace bench {
namespace {

class libev_timer {
 public:
  explicit libev_timer(std::size_t count) : timers_(count) {
    for (auto& each : timers_) {
      ev_timer_init(
          &each, [](struct ev_loop*, ev_timer* self, int) { ++static_cast<libev_timer*>(self->data)->fired_; }, 0., 0.);
      each.data = this;
    }
  }
  ~libev_timer() { ev_loop_destroy(native_); }
  libev_timer(const libev_timer&) = delete;
  libev_timer& operator=(const libev_timer&) = delete;

  void schedule(std::size_t i, std::int64_t at) {
    ev_timer_set(&timers_[i], static_cast<double>(at) * 1e-9 - set_back_, 0.);
    ev_timer_start(native_, &timers_[i]);
  }
  void cancel(std::size_t i) { ev_timer_stop(native_, &timers_[i]); }
  /// libev's cheapest: the timer stays in the heap and moves.
  void move(std::size_t i, std::int64_t at) {
    timers_[i].repeat = static_cast<double>(at) * 1e-9;
    ev_timer_again(native_, &timers_[i]);
  }
  void settle() {}
  void fire() { ev_run(native_, EVRUN_NOWAIT); }
  std::size_t fired() const { return fired_; }

 protected:
  double set_back_ = 0.;

 private:
  struct ev_loop* native_ = ev_loop_new(EVFLAG_AUTO);
  std::vector<ev_timer> timers_;
  std::size_t fired_ = 0;
};

class libev_timer_due : public libev_timer {
 public:
  explicit libev_timer_due(std::size_t count) : libev_timer(count) { set_back_ = 120.; }
};

BENCH_TIMERS_OF(libev_timer, schedule);
BENCH_TIMERS_OF(libev_timer, cancel);
BENCH_TIMERS_OF(libev_timer, move);
BENCH_TIMERS_OF(libev_timer, postpone);
BENCH_TIMERS_OF(libev_timer_due, fire);

}  // namespace
}  // namespace bench
