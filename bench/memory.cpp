// SPDX-License-Identifier: MIT
// How many allocations and bytes does a future, a queued callable and a timer take?
//
// Counted, so one iteration says it. Bytes are what is asked of operator new, and `malloc`ed, what malloc used up for
// it with its own overhead; the callables' captures (8 bytes each) are in both. A peer's timer objects count too.
#include "count_allocations.hpp"
#include "loops.hpp"

#include <benchmark/benchmark.h>

#include <malloc.h>

#include <memory>
#include <vector>

namespace bench {
namespace {

constexpr int many = 1'000'000;

std::size_t used() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

/// Counts what happens between its making and `report`.
class meter {
 public:
  void report(benchmark::State& state, double items) const {
    const allocations after = allocated;
    const std::size_t used_after = used();  // the counters themselves allocate
    state.counters["allocations"] = static_cast<double>(after.count - before_.count) / items;
    state.counters["bytes"] = static_cast<double>(after.bytes - before_.bytes) / items;
    state.counters["malloced"] = static_cast<double>(used_after - used_) / items;
  }

 private:
  std::size_t used_ = used();
  allocations before_ = allocated;
};

void future_with_first_callbacks(benchmark::State& state) {
  on_manual on;
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

/// Callbacks that are many at a time, in a queue that has seen as many before.
void queued_callable(benchmark::State& state) {
  on_asio_one_thread on;
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
  on_manual on;
  long fired = 0;
  for (auto _ : state) {
    const meter counted;
    for (int i = 0; i < many; ++i)
      on.core().call_at(interloop::time_point(std::chrono::hours(2000) + std::chrono::microseconds(i)),
                        [&fired] { ++fired; });
    counted.report(state, many);
  }
}

void asio_timer(benchmark::State& state) {
  long fired = 0;
  asio::io_context io{1};
  for (auto _ : state) {
    const meter counted;
    std::vector<asio::steady_timer> timers;
    timers.reserve(many);
    for (int i = 0; i < many; ++i) {
      auto& made = timers.emplace_back(io, std::chrono::hours(1) + std::chrono::microseconds(i));
      made.async_wait([&fired](const asio::error_code&) { ++fired; });
    }
    counted.report(state, many);
  }
}

void libuv_timer(benchmark::State& state) {
  uv_loop_t native;
  uv_loop_init(&native);
  for (auto _ : state) {
    const meter counted;
    std::vector<uv_timer_t> timers(many);
    for (auto& each : timers) {
      uv_timer_init(&native, &each);
      uv_timer_start(&each, [](uv_timer_t*) {}, 3'600'000, 0);
    }
    counted.report(state, many);
    for (auto& each : timers) uv_close(reinterpret_cast<uv_handle_t*>(&each), nullptr);
    uv_run(&native, UV_RUN_DEFAULT);
  }
  uv_loop_close(&native);
}

BENCHMARK(future_with_first_callbacks)->Iterations(1);
BENCHMARK(queued_callable)->Iterations(1);
BENCHMARK(interloop_timer)->Iterations(1);
BENCHMARK(asio_timer)->Iterations(1);
BENCHMARK(libuv_timer)->Iterations(1);

}  // namespace
}  // namespace bench
