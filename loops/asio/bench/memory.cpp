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

BENCHMARK(asio_timer)->Iterations(1);

}  // namespace
}  // namespace bench
