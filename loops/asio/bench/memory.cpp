// SPDX-License-Identifier: MIT
#include "bench/memory.hpp"

#include <benchmark/benchmark.h>
#include <asio.hpp>

#include <chrono>
#include <vector>

namespace bench {
namespace {

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

asio::awaitable<void> await_and_add(asio::steady_timer& awaited) {
  int local = 1;
  benchmark::DoNotOptimize(local);
  co_await awaited.async_wait(asio::use_awaitable);
  benchmark::DoNotOptimize(++local);
}

/// The frame alone: an `awaitable` is suspended when it is made. Nobody has spawned it, and it has no operation yet.
void asio_awaitable_frame(benchmark::State& state) {
  asio::io_context io{1};
  asio::steady_timer never(io);
  std::vector<asio::awaitable<void>> all;
  all.reserve(many);
  for (auto _ : state) {
    const meter counted;
    for (int i = 0; i < many; ++i) all.push_back(await_and_add(never));
    counted.report(state, many);
  }
}

/// Spawned, and suspended in the operation that it awaits.
void asio_spawned(benchmark::State& state) {
  asio::io_context io{1};
  asio::steady_timer never(io, std::chrono::hours(1));
  for (auto _ : state) {
    const meter counted;
    for (int i = 0; i < many; ++i) asio::co_spawn(io, await_and_add(never), asio::detached);
    io.poll();
    counted.report(state, many);
  }
}

BENCHMARK(asio_timer)->Iterations(1);
BENCHMARK(asio_awaitable_frame)->Iterations(1);
BENCHMARK(asio_spawned)->Iterations(1);

}  // namespace
}  // namespace bench
