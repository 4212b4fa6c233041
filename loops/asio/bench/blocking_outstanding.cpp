// SPDX-License-Identifier: MIT
#include "bench/blocking_outstanding.hpp"

#include <benchmark/benchmark.h>
#include <asio.hpp>

#include <future>
#include <thread>
#include <vector>

namespace bench {
namespace {

/// \param start  starts a call on the context and returns its `std::future`.
template <class Start>
void on_asio(benchmark::State& state, Start start) {
  asio::io_context io;  // with locks, as posting from another thread requires
  asio::executor_work_guard<asio::io_context::executor_type> work(io.get_executor());
  std::thread thread([&io] { io.run(); });
  std::vector<std::future<int>> results;
  results.reserve(outstanding);
  for (auto _ : state) {
    for (std::size_t i = 0; i < outstanding; ++i) results.push_back(start(io));
    for (auto& each : results) benchmark::DoNotOptimize(each.get());
    results.clear();
  }
  work.reset();
  thread.join();
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(outstanding));
}

void asio_use_future(benchmark::State& state) {
  on_asio(state, [](asio::io_context& io) { return asio::post(io, asio::use_future(&one)); });
}
void asio_post_promise(benchmark::State& state) {
  on_asio(state, [](asio::io_context& io) {
    std::promise<int> promise;
    std::future<int> result = promise.get_future();
    asio::post(io, [promise = std::move(promise)]() mutable { promise.set_value(one()); });
    return result;
  });
}

BENCHMARK(asio_use_future)->UseRealTime();
BENCHMARK(asio_post_promise)->UseRealTime();

}  // namespace
}  // namespace bench
