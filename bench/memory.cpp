// SPDX-License-Identifier: MIT
// How many allocations and bytes does a future, a suspended coroutine, a queued callable and a timer take?
//
// Counted, so one iteration is enough. Bytes are those requested from operator new; `malloced` is what malloc used for
// them, including its own overhead; the callables' captures (8 bytes each) are in both. A peer's timer objects count
// too.
#include "memory.hpp"

#include "loops.hpp"

#include <benchmark/benchmark.h>

#include <vector>

namespace bench {
namespace {

void future_with_first_callbacks(benchmark::State& state) {
  interloop::test::on_manual on;
  long sum = 0;
  std::vector<interloop::future<int>> futures(many);
  for (auto _ : state) {
    const meter counted;
    for (auto& each : futures) {
      each = interloop::with_config(on.core()).create_future<int>();
      interloop::add_callbacks(each, [&sum](int value) { sum += value; });
      interloop::add_callbacks(each, [&sum](int value) { sum -= 2 * value; });
    }
    counted.report(state, many);
  }
}

/// Many callbacks at a time, in a queue that has held as many before.
void queued_callable(benchmark::State& state) {
  interloop::test::on_manual on;
  long sum = 0;
  const auto queue = [&] {
    for (int i = 0; i < batch; ++i) on.core().call_soon([&sum, i] { sum += i; });
  };
  queue();
  on.run();
  for (auto _ : state) {
    const meter counted;
    queue();
    on.run();
    counted.report(state, batch);
  }
}

void interloop_timer(benchmark::State& state) {
  interloop::test::on_manual on;
  long fired = 0;
  for (auto _ : state) {
    const meter counted;
    for (int i = 0; i < many; ++i)
      on.core().call_at(interloop::time_point(std::chrono::hours(2000) + std::chrono::microseconds(i)),
                        [&fired] { ++fired; });
    counted.report(state, many);
  }
}

interloop::future<void> await_and_add(interloop::loop&, const interloop::future<int>& awaited) {
  int local = 1;
  benchmark::DoNotOptimize(local);
  local += co_await awaited;
  benchmark::DoNotOptimize(local);
}

/// With one variable, and its own future; what it awaits is made beforehand.
void suspended_coroutine(benchmark::State& state) {
  interloop::test::on_manual on;
  std::vector<interloop::future<int>> awaited(many);
  std::vector<interloop::future<void>> all(many);
  for (auto& each : awaited) each = interloop::with_config(on.core()).create_future<int>();
  for (auto _ : state) {
    const meter counted;
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = await_and_add(on.core(), awaited[i]);
    counted.report(state, many);
  }
  on.core().close();
}

BENCHMARK(suspended_coroutine)->Iterations(1);
BENCHMARK(future_with_first_callbacks)->Iterations(1);
BENCHMARK(queued_callable)->Iterations(1);
BENCHMARK(interloop_timer)->Iterations(1);

}  // namespace
}  // namespace bench
