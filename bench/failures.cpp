// SPDX-License-Identifier: MIT
// What does it cost to make a failure, where interloop::throw_traces is not linked: in a handler, twenty frames deep, which
// keeps the stack, and of an error that was never thrown, which does not? The peers keep a stack in the same place.
#include "throw_traces.hpp"

#include <interloop/failure.hpp>

#include <benchmark/benchmark.h>

#include <chrono>
#include <exception>
#include <stdexcept>

namespace bench {
namespace {

// Calls itself until the stack has as many frames as asked for, then `what`.
[[gnu::noinline]] long deep(int depth, benchmark::State& state, void (*what)(benchmark::State&)) {
  if (depth == 0) {
    what(state);
    return 0;
  }
  const long below = deep(depth - 1, state, what);
  asm volatile("" ::: "memory");  // no tail call
  return below + 1;
}

// So deep that a failure that is made there has twenty frames.
void at_twenty_frames(benchmark::State& state, void (*what)(benchmark::State&)) {
  static int depth = 0;
  static std::size_t frames = 0;
  for (; frames < 20; ++depth) {
    deep(depth, state, [](benchmark::State&) {
      try {
        throw 1;
      } catch (...) {
        frames = interloop::create_failure().catch_addresses().size();
      }
    });
  }
  state.counters["frames"] = static_cast<double>(frames);
  deep(depth - 1, state, what);
}

void in_a_handler(benchmark::State& outer) {
  at_twenty_frames(outer, [](benchmark::State& state) {
    try {
      throw std::runtime_error("x");
    } catch (...) {
      for (auto _ : state) benchmark::DoNotOptimize(interloop::create_failure());
    }
    state.SetItemsProcessed(state.iterations());
  });
}
BENCHMARK(in_a_handler);

// The same exception, given: what a failure costs without the stack.
void of_an_exception(benchmark::State& outer) {
  at_twenty_frames(outer, [](benchmark::State& state) {
    try {
      throw std::runtime_error("x");
    } catch (...) {
      for (auto _ : state) benchmark::DoNotOptimize(interloop::create_failure(std::current_exception()));
    }
    state.SetItemsProcessed(state.iterations());
  });
}
BENCHMARK(of_an_exception);

// What the stack adds: the same number of failures without and with it, one after the other.
void stack_of_a_handler(benchmark::State& outer) {
  at_twenty_frames(outer, [](benchmark::State& state) {
    using clock = std::chrono::steady_clock;
    constexpr int batch = 1000;
    try {
      throw std::runtime_error("x");
    } catch (...) {
      for (auto _ : state) {
        const auto begin = clock::now();
        for (int i = 0; i < batch; ++i) benchmark::DoNotOptimize(interloop::create_failure(std::current_exception()));
        const auto middle = clock::now();
        for (int i = 0; i < batch; ++i) benchmark::DoNotOptimize(interloop::create_failure());
        const auto end = clock::now();
        state.SetIterationTime(std::chrono::duration<double>((end - middle) - (middle - begin)).count());
      }
    }
    state.SetItemsProcessed(state.iterations() * batch);
  });
}
BENCHMARK(stack_of_a_handler)->UseManualTime();

void of_an_error(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(interloop::create_failure(std::runtime_error("x")));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(of_an_error);

template <class Peer>
void stack(benchmark::State& outer) {
  at_twenty_frames(outer, [](benchmark::State& state) {
    for (auto _ : state) Peer::how.note();
    state.SetItemsProcessed(state.iterations());
  });
}
BENCHMARK(stack<of_glibc>);
BENCHMARK(stack<of_boost_stacktrace>);
BENCHMARK(stack<of_backward_cpp>);

void text(benchmark::State& outer) {
  at_twenty_frames(outer, [](benchmark::State& state) {
    try {
      throw std::runtime_error("x");
    } catch (...) {
      const interloop::failure fail = interloop::create_failure();
      for (auto _ : state) benchmark::DoNotOptimize(interloop::failure_format_traceback(fail));
    }
    state.SetItemsProcessed(state.iterations());
  });
}
BENCHMARK(text);

}  // namespace
}  // namespace bench
