// SPDX-License-Identifier: MIT
// How timers are measured: the same deadlines, the same order of cancelling and the same timing for all.
//
// A `Timers` class is made for a number of timers. `schedule(i, at)` starts number i, `at` nanoseconds after a start
// that is chosen so that none is due; `cancel(i)` ends it; `settle()` does the work that the peer has postponed;
// `move(i, at)` is cancel and schedule in the peer's cheapest way; `postpone(i, at)` is the same where `at` is later, as it
// is for idle timeouts, if there is a cheaper way for that; `fire()` makes time pass and runs all. A timer that
// fires counts itself. Deadlines are spread evenly over 1 to 60 s, in random order; cancelling and moving use another
// order. Postponed timers move by 60 s.
//
// Only the operations are timed, by the processor time of this thread: the machine may have other work.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <numeric>
#include <random>
#include <vector>

namespace bench {

inline constexpr std::int64_t second = 1'000'000'000;

struct timer_plan {
  std::vector<std::int64_t> at, later;
  std::vector<std::size_t> order;

  explicit timer_plan(std::size_t count) : at(count), later(count), order(count) {
    std::mt19937_64 random(20240229);
    std::uniform_int_distribution<std::int64_t> spread(second, 60 * second);
    for (auto& each : at) each = spread(random);
    for (auto& each : later) each = spread(random);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::shuffle(order.begin(), order.end(), random);
  }
};

inline double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// What is measured, by a name that bench/instructions.py finds.
template <class Work>
[[gnu::noinline]] void measured(Work& work) {
  work();
}

enum class timed { schedule, cancel, move, postpone, fire };

template <class Timers, timed What>
void timers(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const timer_plan plan(count);
  Timers all(count);
  const auto schedule = [&] {
    for (std::size_t i = 0; i < count; ++i) all.schedule(i, plan.at[i]);
  };
  const auto cancel = [&] {
    for (const std::size_t i : plan.order) all.cancel(i);
    all.settle();
  };
  const auto move = [&] {
    for (const std::size_t i : plan.order) all.move(i, plan.later[i]);
    all.settle();
  };
  const auto postpone = [&] {
    for (const std::size_t i : plan.order) {
      if constexpr (requires { all.postpone(i, plan.at[i]); }) {
        all.postpone(i, plan.at[i] + 60 * second);
      } else {
        all.move(i, plan.at[i] + 60 * second);
      }
    }
    all.settle();
  };
  const auto measure = [&](auto& work) {
    const double begun = processor_seconds();
    measured(work);
    state.SetIterationTime(processor_seconds() - begun);
  };
  schedule();  // all memory has been allocated once
  cancel();
  for (auto _ : state) {
    if constexpr (What == timed::schedule) {
      measure(schedule);
      cancel();
    } else {
      schedule();
      if constexpr (What == timed::cancel) {
        measure(cancel);
      } else if constexpr (What == timed::move) {
        measure(move);
        cancel();
      } else if constexpr (What == timed::postpone) {
        measure(postpone);
        cancel();
      } else {
        const auto fire = [&] { all.fire(); };
        const std::size_t before = all.fired();
        measure(fire);
        if (all.fired() - before != count) state.SkipWithError("not all timers fired");
      }
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

}  // namespace bench

#define BENCH_TIMERS_OF(Timers, What) \
  BENCHMARK(timers<Timers, timed::What>)->Arg(10'000)->Arg(100'000)->Arg(1'000'000)->UseManualTime()
#define BENCH_TIMERS(Timers)         \
  BENCH_TIMERS_OF(Timers, schedule); \
  BENCH_TIMERS_OF(Timers, cancel);   \
  BENCH_TIMERS_OF(Timers, move);     \
  BENCH_TIMERS_OF(Timers, postpone); \
  BENCH_TIMERS_OF(Timers, fire)
