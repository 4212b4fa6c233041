// SPDX-License-Identifier: MIT
// Scheduling, cancelling, moving and firing with libuv's own timers, from 10 thousand to a million.
//
// The timer objects are made beforehand. They have their own time, which can be skipped at once, so that all are due in
// one run: libuv's time is set back.
#include "bench/timers.hpp"

#include <uv.h>

#include <vector>

namespace bench {
namespace {

class libuv_timer {
 public:
  explicit libuv_timer(std::size_t count) : timers_(count) {
    uv_loop_init(&native_);
    for (auto& each : timers_) {
      uv_timer_init(&native_, &each);
      each.data = this;
    }
  }
  ~libuv_timer() {
    for (auto& each : timers_) uv_close(reinterpret_cast<uv_handle_t*>(&each), nullptr);
    uv_run(&native_, UV_RUN_DEFAULT);
    uv_loop_close(&native_);
  }

  void schedule(std::size_t i, std::int64_t at) {
    uv_timer_start(
        &timers_[i], [](uv_timer_t* self) { ++static_cast<libuv_timer*>(self->data)->fired_; },
        static_cast<std::uint64_t>(at / 1'000'000), 0);
  }
  void cancel(std::size_t i) { uv_timer_stop(&timers_[i]); }
  void move(std::size_t i, std::int64_t at) { schedule(i, at); }  // uv_timer_start stops
  void settle() { native_.time = uv_hrtime() / 1'000'000 - 120'000; }
  void fire() {
    uv_run(&native_, UV_RUN_NOWAIT);
    settle();
  }
  std::size_t fired() const { return fired_; }

 private:
  uv_loop_t native_;
  std::vector<uv_timer_t> timers_;
  std::size_t fired_ = 0;
};

BENCH_TIMERS(libuv_timer);

}  // namespace
}  // namespace bench
