// SPDX-License-Identifier: MIT
// What do scheduling, cancelling, moving and firing cost with 10 thousand to a million timers? Asio, libuv, libev.
//
// Their timer objects are made beforehand. Each lives in a time of its own that can be left behind at once, so that all
// timers are due in one run: Asio's and libev's deadlines are given relative to 120 s ago where they are to fire,
// libuv's idea of the time is set back.
#include "timers.hpp"

#include <ev.h>
#include <uv.h>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <memory>

namespace bench {
namespace {

class asio_steady_timer {
 public:
  explicit asio_steady_timer(std::size_t count) {
    timers_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) timers_.emplace_back(io_);
  }

  void schedule(std::size_t i, std::int64_t at) {
    timers_[i].expires_at(begin_ + std::chrono::nanoseconds(at));
    timers_[i].async_wait([this](const asio::error_code& cancelled) {
      if (!cancelled) ++fired_;
    });
  }
  void cancel(std::size_t i) { timers_[i].cancel(); }
  void move(std::size_t i, std::int64_t at) { schedule(i, at); }  // expires_at cancels
  /// Asio calls what was cancelled too; until then its memory is not given back. Nothing here is due.
  void settle() {
    io_.restart();
    io_.poll();
  }
  void fire() { settle(); }
  std::size_t fired() const { return fired_; }

 protected:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now() + std::chrono::hours(1);

 private:
  asio::io_context io_{1};
  std::vector<asio::steady_timer> timers_;
  std::size_t fired_ = 0;
};

class asio_steady_timer_due : public asio_steady_timer {
 public:
  explicit asio_steady_timer_due(std::size_t count) : asio_steady_timer(count) {
    begin_ = std::chrono::steady_clock::now() - std::chrono::seconds(120);
  }
};

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

BENCH_TIMERS_OF(asio_steady_timer, schedule);
BENCH_TIMERS_OF(asio_steady_timer, cancel);
BENCH_TIMERS_OF(asio_steady_timer, move);
BENCH_TIMERS_OF(asio_steady_timer_due, fire);
BENCH_TIMERS(libuv_timer);
BENCH_TIMERS_OF(libev_timer, schedule);
BENCH_TIMERS_OF(libev_timer, cancel);
BENCH_TIMERS_OF(libev_timer, move);
BENCH_TIMERS_OF(libev_timer_due, fire);

}  // namespace
}  // namespace bench
