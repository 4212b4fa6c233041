// SPDX-License-Identifier: MIT
// A queued callable, 1,000 in one turn, and one per turn that queues the next. A `Poster` has `on`, the loop, and
// `post`.
#pragma once

#include "loops.hpp"

#include <benchmark/benchmark.h>

#include <utility>

namespace bench {

template <class On>
struct soon {
  On on;
  template <class F>
  void post(F&& fn) {
    on.core().call_soon(std::forward<F>(fn));
  }
};

template <class On>
struct native {
  On on;
  template <class F>
  void post(F&& fn) {
    on.native_post(std::forward<F>(fn));
  }
};

template <class Poster>
void many_a_turn(benchmark::State& state) {
  Poster poster;
  long sum = 0;
  for (auto _ : state) {
    poster.post([&] {
      for (int i = 0; i < batch; ++i) poster.post([&sum, i] { sum += i; });
    });
    poster.on.run();
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * batch);
}

template <class Poster>
struct link {
  Poster* poster;
  int* left;
  void operator()() const {
    if (--*left > 0) poster->post(*this);
  }
};

template <class Poster>
void one_a_turn(benchmark::State& state) {
  Poster poster;
  for (auto _ : state) {
    int left = batch;
    poster.post(link<Poster>{&poster, &left});
    poster.on.run();
    benchmark::DoNotOptimize(left);
  }
  state.SetItemsProcessed(state.iterations() * batch);
}

}  // namespace bench
