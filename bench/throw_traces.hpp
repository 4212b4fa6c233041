// SPDX-License-Identifier: MIT
// The common part of throw_traces.cpp and failures.cpp; the alternatives are in throw_traces_peers.cpp.
#pragma once

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstddef>
#include <string>

namespace bench {

/// One way to record the stack: `note` at a throw, `text` when somebody wants to read the last record.
struct peer {
  void (*note)();
  std::string (*text)();
};
extern const peer glibc, boost_stacktrace, backward_cpp;

/// A `Peer` as a type, so that benchmarks are named after it.
struct of_glibc {
  static constexpr const peer& how = glibc;
};
struct of_boost_stacktrace {
  static constexpr const peer& how = boost_stacktrace;
};
struct of_backward_cpp {
  static constexpr const peer& how = backward_cpp;
};

using measurement = void (*)(benchmark::State&);

/// Calls itself until the stack has as many frames as requested, then calls `what`.
[[gnu::noinline]] inline long deep(int depth, benchmark::State& state, measurement what) {
  if (depth == 0) {
    what(state);
    return 0;
  }
  const long below = deep(depth - 1, state, what);
  asm volatile("" ::: "memory");  // no tail call
  return below + 1;
}

/// Calls `what` at a depth where `Frames()` is twenty.
template <std::size_t (*Frames)()>
void at_twenty_frames(benchmark::State& state, measurement what) {
  static int depth = 0;
  static std::size_t frames = 0;
  for (; frames < 20; ++depth) deep(depth, state, [](benchmark::State&) { frames = Frames(); });
  state.counters["frames"] = static_cast<double>(frames);
  deep(depth - 1, state, what);
}

/// The cost of `with` beyond `without`: the same number of each, one after the other. For manual time.
template <class Without, class With>
void measure_difference(benchmark::State& state, Without without, With with) {
  using clock = std::chrono::steady_clock;
  constexpr int batch = 1000;
  for (auto _ : state) {
    const auto begin = clock::now();
    for (int i = 0; i < batch; ++i) without();
    const auto middle = clock::now();
    for (int i = 0; i < batch; ++i) with();
    const auto end = clock::now();
    state.SetIterationTime(std::chrono::duration<double>((end - middle) - (middle - begin)).count());
  }
  state.SetItemsProcessed(state.iterations() * batch);
}

}  // namespace bench
