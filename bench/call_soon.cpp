// SPDX-License-Identifier: MIT
// What does a queued callable cost, 1,000 in one turn, and one a turn that queues the next, beside the loop's own post?
//
// Everything starts inside the loop, where Asio's post takes no lock. libuv has no post of its own.
#include "loops.hpp"

#include <benchmark/benchmark.h>

namespace bench {
namespace {

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

/// What the handler of an I/O object costs where Asio is used with a strand, as it has to be with several threads.
struct native_strand {
  on_asio on;
  asio::strand<asio::io_context::executor_type> strand = asio::make_strand(on.native);
  template <class F>
  void post(F&& fn) {
    asio::post(strand, std::forward<F>(fn));
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

BENCHMARK(many_a_turn<soon<on_asio>>);
BENCHMARK(many_a_turn<soon<on_asio_one_thread>>);
BENCHMARK(many_a_turn<native<on_asio>>);
BENCHMARK(many_a_turn<native_strand>);
BENCHMARK(many_a_turn<soon<on_libuv>>);
BENCHMARK(many_a_turn<soon<on_glib>>);
BENCHMARK(many_a_turn<native<on_glib>>);
BENCHMARK(many_a_turn<soon<on_manual>>);
BENCHMARK(one_a_turn<soon<on_asio>>);
BENCHMARK(one_a_turn<soon<on_asio_one_thread>>);
BENCHMARK(one_a_turn<native<on_asio>>);
BENCHMARK(one_a_turn<native_strand>);
BENCHMARK(one_a_turn<soon<on_libuv>>);
BENCHMARK(one_a_turn<soon<on_glib>>);
BENCHMARK(one_a_turn<native<on_glib>>);
BENCHMARK(one_a_turn<soon<on_manual>>);

}  // namespace
}  // namespace bench
