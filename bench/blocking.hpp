// SPDX-License-Identifier: MIT
// How long a thread waits for a trivial function in a loop's thread. A `Caller` has `call`.
#pragma once

#include <benchmark/benchmark.h>

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

namespace bench {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

inline constexpr int calls_asleep = 500;
inline constexpr int calls_back_to_back = 10'000;

enum class place { two_cores, one_core, anywhere };

/// Keeps this thread, and the threads that it starts from then on, on the first or the last processor that it may use.
inline void pin(bool first) {
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
  // In a separate thread, because earlier waits and processor limits affect only their own thread.
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

}  // namespace bench
