// SPDX-License-Identifier: MIT
// What does it cost to make a failure, without interloop::throw_traces: in a handler, twenty frames deep, which keeps
// the stack, and from an error that was never thrown, which does not? The peers keep a stack in the same place.
#include "throw_traces.hpp"

#include <interloop/failure.hpp>

#include <benchmark/benchmark.h>

#include <exception>
#include <stdexcept>

namespace bench {
namespace {

// The number of frames of a failure that is made here.
[[gnu::always_inline]] inline std::size_t noted() {
  try {
    throw 1;
  } catch (...) {
    return interloop::create_failure().catch_addresses().size();
  }
}

void in_a_handler(benchmark::State& outer) {
  at_twenty_frames<noted>(outer, [](benchmark::State& state) {
    try {
      throw std::runtime_error("x");
    } catch (...) {
      for (auto _ : state) benchmark::DoNotOptimize(interloop::create_failure());
    }
    state.SetItemsProcessed(state.iterations());
  });
}
BENCHMARK(in_a_handler);

// The same exception, passed: the cost of a failure without the stack.
void of_an_exception(benchmark::State& outer) {
  at_twenty_frames<noted>(outer, [](benchmark::State& state) {
    try {
      throw std::runtime_error("x");
    } catch (...) {
      for (auto _ : state) benchmark::DoNotOptimize(interloop::create_failure(std::current_exception()));
    }
    state.SetItemsProcessed(state.iterations());
  });
}
BENCHMARK(of_an_exception);

// The cost of the stack: the same number of failures without and with it, one after the other.
void stack_of_a_handler(benchmark::State& outer) {
  at_twenty_frames<noted>(outer, [](benchmark::State& state) {
    try {
      throw std::runtime_error("x");
    } catch (...) {
      measure_difference(
          state, [] { benchmark::DoNotOptimize(interloop::create_failure(std::current_exception())); },
          [] { benchmark::DoNotOptimize(interloop::create_failure()); });
    }
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
  at_twenty_frames<noted>(outer, [](benchmark::State& state) {
    for (auto _ : state) Peer::how.note();
    state.SetItemsProcessed(state.iterations());
  });
}
BENCHMARK(stack<of_glibc>);
BENCHMARK(stack<of_boost_stacktrace>);
BENCHMARK(stack<of_backward_cpp>);

void text(benchmark::State& outer) {
  at_twenty_frames<noted>(outer, [](benchmark::State& state) {
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
