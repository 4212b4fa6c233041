// SPDX-License-Identifier: MIT
#include "bench/memory.hpp"

#include <benchmark/benchmark.h>
#include <uv.h>

#include <vector>

namespace bench {
namespace {

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

BENCHMARK(libuv_timer)->Iterations(1);

}  // namespace
}  // namespace bench
