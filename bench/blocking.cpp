// SPDX-License-Identifier: MIT
// How long does a thread wait for a trivial function in a loop's thread: `wait_for`, beside `asio::post` + `std::promise`?
//
// `asleep`: a millisecond passes before each call, so that the loop's thread sleeps. `back_to_back`: the next call
// follows at once. `one_core`: the same with the process pinned to one. A benchmark's time is the median of its calls.
#include <interloop/adapters/asio.hpp>
#include <interloop/adapters/glib.hpp>
#include <interloop/adapters/libuv.hpp>
#include <interloop/blocking.hpp>

#include <benchmark/benchmark.h>

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <thread>
#include <vector>

namespace bench {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

constexpr int calls_asleep = 1'000;
constexpr int calls_back_to_back = 20'000;

template <class Loop>
class interloop_wait_for {
 public:
  int call() { return blocking_(); }

 private:
  static int one() { return 1; }
  interloop::loop_thread thread_{[] { return Loop(); }};
  decltype(interloop::wait_for(thread_, 5s, &one)) blocking_ = interloop::wait_for(thread_, 5s, &one);
};

/// An `io_context` that runs in a thread, with locks (no concurrency hint), as posting from another thread requires.
class asio_thread {
 public:
  ~asio_thread() {
    work_.reset();
    thread_.join();
  }

 protected:
  asio::io_context io_;

 private:
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  std::thread thread_{[this] { io_.run(); }};
};

class asio_post_promise : asio_thread {
 public:
  int call() {
    std::promise<int> promise;
    std::future<int> result = promise.get_future();
    asio::post(io_, [promise = std::move(promise)]() mutable { promise.set_value(1); });
    return result.get();
  }
};

class asio_use_future : asio_thread {
 public:
  int call() {
    return asio::post(io_, asio::use_future([] { return 1; })).get();
  }
};

/// Keeps this thread, and those that it starts, on one processor; back to all when it goes.
class pinned {
 public:
  pinned() {
    sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu)
      if (CPU_ISSET(cpu, &before_)) {
        CPU_SET(cpu, &one);
        break;
      }
    sched_setaffinity(0, sizeof one, &one);
  }
  pinned(const pinned&) = delete;
  pinned& operator=(const pinned&) = delete;
  ~pinned() { sched_setaffinity(0, sizeof before_, &before_); }

 private:
  cpu_set_t before_;
};

template <class Caller>
void measure(benchmark::State& state, int calls, clock::duration pause) {
  // In a thread of its own, as what a thread has learnt from earlier waits belongs to it.
  std::thread([&] {
    Caller caller;
    std::vector<double> took;
    took.reserve(static_cast<std::size_t>(calls));
    for (int i = 0; i < 100; ++i) benchmark::DoNotOptimize(caller.call());
    for (auto _ : state) {
      took.clear();
      for (int i = 0; i < calls; ++i) {
        if (pause > 0s) std::this_thread::sleep_for(pause);
        const auto begun = clock::now();
        benchmark::DoNotOptimize(caller.call());
        took.push_back(std::chrono::duration<double>(clock::now() - begun).count());
      }
      const auto percentile = [&](std::size_t percent) {
        const auto place = took.begin() + static_cast<std::ptrdiff_t>(took.size() * percent / 100);
        std::nth_element(took.begin(), place, took.end());
        return *place;
      };
      state.counters["p90_us"] = percentile(90) * 1e6;
      state.counters["p99_us"] = percentile(99) * 1e6;
      state.SetIterationTime(percentile(50));
    }
  }).join();
}

template <class Caller>
void asleep(benchmark::State& state) {
  measure<Caller>(state, calls_asleep, 1ms);
}
template <class Caller>
void back_to_back(benchmark::State& state) {
  measure<Caller>(state, calls_back_to_back, 0ms);
}
template <class Caller>
void asleep_one_core(benchmark::State& state) {
  const pinned here;
  measure<Caller>(state, calls_asleep, 1ms);
}
template <class Caller>
void back_to_back_one_core(benchmark::State& state) {
  const pinned here;
  measure<Caller>(state, calls_back_to_back, 0ms);
}

#define INTERLOOP_COMPARE(scenario)                                                                                  \
  BENCHMARK(scenario<interloop_wait_for<interloop::asio_loop>>)->Iterations(1)->UseManualTime()->Unit(unit);         \
  BENCHMARK(scenario<interloop_wait_for<interloop::libuv_loop>>)->Iterations(1)->UseManualTime()->Unit(unit);        \
  BENCHMARK(scenario<interloop_wait_for<interloop::glib_loop>>)->Iterations(1)->UseManualTime()->Unit(unit);         \
  BENCHMARK(scenario<asio_post_promise>)->Iterations(1)->UseManualTime()->Unit(unit);                                \
  BENCHMARK(scenario<asio_use_future>)->Iterations(1)->UseManualTime()->Unit(unit)

constexpr auto unit = benchmark::kMicrosecond;
INTERLOOP_COMPARE(asleep);
INTERLOOP_COMPARE(back_to_back);
INTERLOOP_COMPARE(asleep_one_core);
INTERLOOP_COMPARE(back_to_back_one_core);

}  // namespace
}  // namespace bench
