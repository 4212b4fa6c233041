// SPDX-License-Identifier: MIT
// Posting from another thread. A `Poster` has `post`, `run` (until `end`), `poll` (runs what was posted, in this
// thread) and `end`.
#pragma once

#include "loops.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <semaphore>
#include <thread>
#include <utility>

namespace bench {

inline constexpr int many = 100'000;

/// interloop, with a thread's usual handle; held, because the native loop must not end before the posts arrive.
template <class On>
struct interloop_post {
  On on;
  interloop::loop_remote remote = on.core().remote();
  interloop::loop_hold hold = on.core().hold();
  template <class F>
  void post(F&& fn) {
    remote.post(std::forward<F>(fn));
  }
  void run() { on.core().run(); }
  /// Runs what was posted so far, without waiting.
  void poll() {
    hold.release();
    on.run();
    hold = on.core().hold();
  }
  void end() { on.core().stop(); }
};

inline double seconds_since(std::chrono::steady_clock::time_point begun) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

template <class Poster>
void until_run(benchmark::State& state) {
  Poster* poster = nullptr;
  long sum = 0;
  std::binary_semaphore made{0}, begin{0}, done{0};
  std::thread runs([&] {  // makes the loop: not every loop runs in another thread than that
    Poster mine;
    poster = &mine;
    made.release();
    mine.run();
  });
  made.acquire();
  std::thread other([&] {
    for (;;) {
      begin.acquire();
      if (sum < 0) return;
      for (int i = 1; i < many; ++i) poster->post([&sum] { ++sum; });
      poster->post([&done] { done.release(); });
    }
  });
  for (auto _ : state) {
    const auto begun = std::chrono::steady_clock::now();
    begin.release();
    done.acquire();
    state.SetIterationTime(seconds_since(begun));
  }
  sum = -1;
  begin.release();
  other.join();
  poster->post([poster] { poster->end(); });
  runs.join();
  state.SetItemsProcessed(state.iterations() * many);
}

template <class Poster>
void poster_alone(benchmark::State& state) {
  Poster poster;
  long sum = 0;
  std::thread runs;
  for (auto _ : state) {
    std::thread other([&] {
      const auto begun = std::chrono::steady_clock::now();
      for (int i = 0; i < many; ++i) poster.post([&sum] { ++sum; });
      state.SetIterationTime(seconds_since(begun));
    });
    other.join();
    poster.poll();
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * many);
}

}  // namespace bench
