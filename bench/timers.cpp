// SPDX-License-Identifier: MIT
// What do scheduling, cancelling, moving and firing cost with 10 thousand to a million timers? interloop's.
//
// `call_at` takes a time, as the peers' cheapest functions do (Asio's expires_at; libuv and libev add to a time that
// they have read before). `call_later` reads the clock at each call, as Asio's expires_after does. The bare structure,
// and the alternative to it, are measured too.
#include "timers.hpp"

#include "timer_heap.hpp"

#include <interloop/idle_timeout.hpp>
#include <interloop/interloop.hpp>
#include <interloop/loop_port.hpp>

#include <chrono>
#include <memory>

namespace bench {
namespace {

/// The smallest possible loop: the core runs when it is asked to, on the steady clock plus the skipped time.
class skipping_port final : public interloop::loop_port {
 public:
  std::string_view name() const noexcept override { return "skipping"; }
  void wake() noexcept override {}
  void set_alarm(interloop::time_point) override {}
  void clear_alarm() noexcept override {}
  interloop::time_point now() const noexcept override { return std::chrono::steady_clock::now() + skipped_; }
  std::unique_ptr<interloop::port_watch> watch(int, interloop::interest, interloop::watched_fd&) override {
    throw interloop::usage_error("skipping_port has no watches");
  }
  void run() override {}
  void stop() noexcept override {}
  void close(interloop::function<void()>) noexcept override {}

  void skip(interloop::duration by) { skipped_ += by; }
  static skipping_port& of(const interloop::loop& core) { return static_cast<skipping_port&>(port_of(core)); }
  using loop_port::alarm;
  using loop_port::turn;

 private:
  interloop::duration skipped_{};
};

template <bool ReadsClock>
class on_loop {
 public:
  explicit on_loop(std::size_t count) : handles_(count) {}

  void schedule(std::size_t i, std::int64_t at) {
    if constexpr (ReadsClock) {
      handles_[i] = loop_->call_later(interloop::duration(at), [this] { ++fired_; });
    } else {
      handles_[i] = loop_->call_at(begin_ + interloop::duration(at), [this] { ++fired_; });
    }
  }
  void cancel(std::size_t i) { handles_[i].cancel(); }
  void move(std::size_t i, std::int64_t at) {
    cancel(i);
    schedule(i, at);
  }
  void postpone(std::size_t i, std::int64_t at) { handles_[i].restart_at(begin_ + interloop::duration(at)); }
  void settle() {
    skipping_port::of(loop_).turn();
    begin_ = loop_->now();
  }
  void fire() {
    skipping_port::of(loop_).skip(std::chrono::seconds(120));
    skipping_port::of(loop_).alarm();
    begin_ = loop_->now();
  }
  std::size_t fired() const { return fired_; }

 private:
  interloop::loop_owner loop_{std::make_unique<skipping_port>()};
  interloop::time_point begin_ = loop_->now();
  std::vector<interloop::timer> handles_;
  std::size_t fired_ = 0;
};
using interloop_call_at = on_loop<false>;
using interloop_call_later = on_loop<true>;

/// Timeouts that are members of what they watch over, as libev's and Asio's are.
class idle_timeouts {
 public:
  explicit idle_timeouts(std::size_t count) {
    all_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) all_.emplace_back(*loop_, [this] { ++fired_; });
  }

  void schedule(std::size_t i, std::int64_t at) { all_[i].restart_at(begin_ + interloop::duration(at)); }
  void cancel(std::size_t i) { all_[i].cancel(); }
  void move(std::size_t i, std::int64_t at) { schedule(i, at); }
  void postpone(std::size_t i, std::int64_t at) { schedule(i, at); }
  void settle() {
    skipping_port::of(loop_).turn();
    begin_ = loop_->now();
  }

 private:
  interloop::loop_owner loop_{std::make_unique<skipping_port>()};
  interloop::time_point begin_ = loop_->now();
  std::size_t fired_ = 0;
  std::vector<interloop::idle_timeout> all_;
};

/// A structure by itself, without a loop and its handles.
template <class Queue>
class structure {
 public:
  explicit structure(std::size_t count) : handles_(count) {}

  void schedule(std::size_t i, std::int64_t at) {
    auto* node = queue_.schedule(begin_ + at, [this] { ++fired_; });
    handles_[i] = {node, node->sequence};
  }
  void cancel(std::size_t i) { queue_.cancel(handles_[i].node, handles_[i].sequence); }
  void move(std::size_t i, std::int64_t at) {
    cancel(i);
    schedule(i, at);
  }
  void postpone(std::size_t i, std::int64_t at)
    requires requires(Queue queue) { queue.move(nullptr, 0); }
  {
    queue_.move(handles_[i].node, begin_ + at);
  }
  void settle() {}
  void fire() {
    begin_ += 120 * second;
    const std::uint64_t limit = queue_.limit();
    while (auto* due = queue_.take_due(begin_, limit)) queue_.run(due);
  }
  std::size_t fired() const { return fired_; }

 private:
  struct handle {
    interloop::detail::timer_node* node;
    std::uint64_t sequence;
  };
  std::int64_t begin_ = second;
  Queue queue_{begin_};
  std::vector<handle> handles_;
  std::size_t fired_ = 0;
};
using wheel = structure<interloop::detail::timer_queue>;
using heap = structure<timer_heap>;

BENCH_TIMERS(interloop_call_at);
BENCH_TIMERS_OF(interloop_call_later, schedule);
BENCH_TIMERS_OF(interloop_call_later, move);
BENCH_TIMERS_OF(idle_timeouts, schedule);
BENCH_TIMERS_OF(idle_timeouts, cancel);
BENCH_TIMERS_OF(idle_timeouts, move);
BENCH_TIMERS_OF(idle_timeouts, postpone);
BENCH_TIMERS(wheel);
BENCH_TIMERS(heap);

}  // namespace
}  // namespace bench
