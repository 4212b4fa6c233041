// SPDX-License-Identifier: MIT
// How long does a thread wait for a trivial function in a loop's thread: `wait_for`, beside `asio::post` +
// `std::promise`?
//
// `asleep`: a millisecond passes before each call, so that the loop's thread sleeps. `back_to_back`: the next call
// follows at once. `two_cores`: the caller on one, the loop's thread on another; `one_core`: both on one; `anywhere`:
// where the scheduler likes. A benchmark's time is the median of its calls.
#include <interloop/adapters/asio.hpp>
#include <interloop/adapters/glib.hpp>
#include <interloop/adapters/libuv.hpp>
#include <interloop/blocking.hpp>

#include <benchmark/benchmark.h>
#include <asio.hpp>

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <vector>

namespace bench {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

constexpr int calls_asleep = 500;
constexpr int calls_back_to_back = 10'000;

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

enum class place { two_cores, one_core, anywhere };

/// Keeps this thread, and those that it starts from then on, on the first or the last processor that it may use.
void pin(bool first) {
  cpu_set_t usable;
  sched_getaffinity(0, sizeof usable, &usable);
  std::size_t chosen = CPU_SETSIZE;
  for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &usable) && (!first || chosen == CPU_SETSIZE)) chosen = cpu;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(chosen, &one);
  sched_setaffinity(0, sizeof one, &one);
}

template <class Caller, place Where>
void measure(benchmark::State& state, int calls, clock::duration pause) {
  // In a thread of its own: what a thread has learnt from earlier waits, and where it may run, belongs to it.
  std::thread([&] {
    cpu_set_t before;
    sched_getaffinity(0, sizeof before, &before);
    if (Where != place::anywhere) pin(true);
    Caller caller;
    if (Where == place::two_cores) {
      sched_setaffinity(0, sizeof before, &before);
      pin(false);
    }
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
        const auto at = took.begin() + static_cast<std::ptrdiff_t>(took.size() * percent / 100);
        std::nth_element(took.begin(), at, took.end());
        return *at;
      };
      state.counters["p90_us"] = percentile(90) * 1e6;
      state.counters["p99_us"] = percentile(99) * 1e6;
      state.SetIterationTime(percentile(50));
    }
    state.SetItemsProcessed(state.iterations());
  }).join();
}

template <class Caller, place Where>
void asleep(benchmark::State& state) {
  measure<Caller, Where>(state, calls_asleep, 1ms);
}
template <class Caller, place Where>
void back_to_back(benchmark::State& state) {
  measure<Caller, Where>(state, calls_back_to_back, 0ms);
}

template <class Caller>
void add(const std::string& caller) {
  using enum place;
  const auto scenario = [&caller](const char* name, void (*code)(benchmark::State&)) {
    benchmark::RegisterBenchmark((name + ("/" + caller)).c_str(), code)
        ->Iterations(1)
        ->UseManualTime()
        ->Unit(benchmark::kMicrosecond);
  };
  scenario("asleep/two_cores", &asleep<Caller, two_cores>);
  scenario("asleep/one_core", &asleep<Caller, one_core>);
  scenario("asleep/anywhere", &asleep<Caller, anywhere>);
  scenario("back_to_back/two_cores", &back_to_back<Caller, two_cores>);
  scenario("back_to_back/one_core", &back_to_back<Caller, one_core>);
  scenario("back_to_back/anywhere", &back_to_back<Caller, anywhere>);
}

[[maybe_unused]] const bool added = [] {
  add<interloop_wait_for<interloop::asio_loop>>("interloop_asio");
  add<interloop_wait_for<interloop::libuv_loop>>("interloop_libuv");
  add<interloop_wait_for<interloop::glib_loop>>("interloop_glib");
  add<asio_post_promise>("asio_post_promise");
  add<asio_use_future>("asio_use_future");
  return true;
}();

}  // namespace
}  // namespace bench
