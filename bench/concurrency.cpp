// SPDX-License-Identifier: MIT
// What does a time limit cost, and what does a task in a task_group?
//
// Limits: 1,000 futures are made and limited in one turn, and completed in the next, so that no limit passes. The peer is
// Asio's `||` of an awaitable and a timer, in loops/asio/bench/concurrency.cpp; `limitless` is the same without a limit,
// and `by_hand` the least that could do the job: a timer, and a callback that cancels it. Groups: 1,000 coroutines start,
// wait, are resumed in the next turn, and end; compared with `gather`.
#include "loops.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstddef>
#include <vector>

namespace bench {
namespace {

using namespace std::chrono_literals;

struct no_limit {
  interloop::future<int> operator()(interloop::api, interloop::future<int> f) const { return f; }
};
struct limited {
  interloop::future<int> operator()(interloop::api, interloop::future<int> f) const {
    return interloop::with_timeout(10s, std::move(f));
  }
};
struct hand_limited {
  interloop::future<int> operator()(interloop::api io, interloop::future<int> f) const {
    auto outer = io.create_future<int>();
    interloop::add_callbacks(f, [outer, alarm = io.call_later(10s, [f] { interloop::cancel(f); })](int value) mutable {
      alarm.cancel();
      interloop::resolve(outer, value);
    });
    return outer;
  }
};

template <class On, class Limit>
void completed_in_the_next_turn(benchmark::State& state) {
  On on;
  const interloop::api io(on.core());
  std::vector<interloop::future<int>> answers(batch);
  std::vector<interloop::future<int>> seen(batch);
  for (auto _ : state) {
    on.core().call_soon([&] {
      for (std::size_t i = 0; i < answers.size(); ++i) {
        answers[i] = io.create_future<int>();
        seen[i] = Limit()(io, answers[i]);
      }
      on.core().call_soon([&] {
        for (auto& each : answers) interloop::resolve(each, 1);
        for (auto& each : answers) each = {};
      });
    });
    on.run();
    benchmark::DoNotOptimize(seen.back().value());
  }
  state.SetItemsProcessed(state.iterations() * batch);
}

/// What the tasks wait for. Functions without captures and arguments find it here.
struct gates {
  interloop::loop* core = nullptr;
  std::vector<interloop::future<void>> all;
} waited;

interloop::future<int> work() {
  auto gate = interloop::with_config(*waited.core).create_future<void>();
  waited.all.push_back(gate);
  co_await std::move(gate);
  co_return 1;
}

void open_gates() {
  for (auto& each : waited.all) interloop::resolve(each);
  waited.all.clear();
}

template <class On>
void gathered(benchmark::State& state) {
  On on;
  waited.core = &on.core();
  const interloop::api io(on.core());
  std::size_t ended = 0;
  for (auto _ : state) {
    on.core().call_soon([&] {
      std::vector<interloop::future<int>> tasks;
      tasks.reserve(batch);
      for (int i = 0; i < batch; ++i) tasks.push_back(work());
      interloop::add_callbacks(io.gather(tasks), [&](const auto& results) { ended += results.size(); });
      on.core().call_soon(&open_gates);
    });
    on.run();
  }
  if (ended != static_cast<std::size_t>(state.iterations()) * batch) state.SkipWithError("not all have ended");
  state.SetItemsProcessed(state.iterations() * batch);
}

template <class On>
void grouped(benchmark::State& state) {
  On on;
  waited.core = &on.core();
  interloop::task_group group(on.core());
  std::size_t ended = 0;
  for (auto _ : state) {
    on.core().call_soon([&] {
      for (int i = 0; i < batch; ++i) group.spawn(&work);
      interloop::add_callbacks(group.join(), [&] { ended += batch; });
      on.core().call_soon(&open_gates);
    });
    on.run();
  }
  if (ended != static_cast<std::size_t>(state.iterations()) * batch) state.SkipWithError("not all have ended");
  state.SetItemsProcessed(state.iterations() * batch);
}

const bool registered =
    on_each_kind("limitless", []<class On>() { return &completed_in_the_next_turn<On, no_limit>; }) &&
    on_each_kind("with_timeout", []<class On>() { return &completed_in_the_next_turn<On, limited>; }) &&
    on_each_kind("by_hand", []<class On>() { return &completed_in_the_next_turn<On, hand_limited>; }) &&
    on_each_kind("gathered", []<class On>() { return &gathered<On>; }) &&
    on_each_kind("grouped", []<class On>() { return &grouped<On>; });

}  // namespace
}  // namespace bench
