// SPDX-License-Identifier: MIT
// Scheduling, cancelling, moving and firing with libevent's own timers, from 10 thousand to a million.
//
// The events are made beforehand. Deadlines are relative to 120 s ago if they are to fire, so that all are due in one
// run.
#include "bench/timers.hpp"

#include <event2/event.h>
#include <event2/event_struct.h>

#include <vector>

namespace bench {
namespace {

class libevent_timer {
 public:
  explicit libevent_timer(std::size_t count) : timers_(count) {
    const event_callback_fn on_timer = [](evutil_socket_t, short, void* self) {
      ++static_cast<libevent_timer*>(self)->fired_;
    };
    for (auto& each : timers_) event_assign(&each, native_, -1, 0, on_timer, this);
  }
  ~libevent_timer() {
    for (auto& each : timers_) event_del(&each);
    event_base_free(native_);
  }
  libevent_timer(const libevent_timer&) = delete;
  libevent_timer& operator=(const libevent_timer&) = delete;

  void schedule(std::size_t i, std::int64_t at) {
    const std::int64_t microseconds = at / 1000;
    const timeval after{microseconds / 1'000'000 - set_back_, static_cast<suseconds_t>(microseconds % 1'000'000)};
    event_add(&timers_[i], &after);
  }
  void cancel(std::size_t i) { event_del(&timers_[i]); }
  void move(std::size_t i, std::int64_t at) { schedule(i, at); }  // event_add moves what is added
  void settle() {}
  void fire() { event_base_loop(native_, EVLOOP_NONBLOCK); }
  std::size_t fired() const { return fired_; }

 protected:
  std::int64_t set_back_ = 0;  // seconds

 private:
  event_base* native_ = event_base_new();
  std::vector<::event> timers_;
  std::size_t fired_ = 0;
};

class libevent_timer_due : public libevent_timer {
 public:
  explicit libevent_timer_due(std::size_t count) : libevent_timer(count) { set_back_ = 120; }
};

BENCH_TIMERS_OF(libevent_timer, schedule);
BENCH_TIMERS_OF(libevent_timer, cancel);
BENCH_TIMERS_OF(libevent_timer, move);
BENCH_TIMERS_OF(libevent_timer, postpone);
BENCH_TIMERS_OF(libevent_timer_due, fire);

}  // namespace
}  // namespace bench
