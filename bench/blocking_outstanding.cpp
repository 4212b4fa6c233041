// SPDX-License-Identifier: MIT
// How many calls a second does a thread get through with 1,000 outstanding: `run_in_reactor`, beside
// `asio::use_future`?
//
// One thread starts 1,000 calls of a trivial function, then waits for all of them, and again.
#include <interloop/adapters/asio.hpp>
#include <interloop/adapters/glib.hpp>
#include <interloop/adapters/libuv.hpp>
#include <interloop/blocking.hpp>

#include <benchmark/benchmark.h>
#include <asio.hpp>

#include <future>
#include <thread>
#include <vector>

namespace bench {
namespace {

constexpr std::size_t outstanding = 1'000;

int one() { return 1; }

template <class Loop>
void interloop_run_in_reactor(benchmark::State& state) {
  const interloop::loop_thread thread([] { return Loop(); });
  const auto start = interloop::run_in_reactor(thread, &one);
  std::vector<interloop::eventual_result<int>> results;
  results.reserve(outstanding);
  for (auto _ : state) {
    for (std::size_t i = 0; i < outstanding; ++i) results.push_back(start());
    for (const auto& each : results) benchmark::DoNotOptimize(each.wait());
    results.clear();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(outstanding));
}

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

BENCHMARK(interloop_run_in_reactor<interloop::asio_loop>)->UseRealTime();
BENCHMARK(interloop_run_in_reactor<interloop::libuv_loop>)->UseRealTime();
BENCHMARK(interloop_run_in_reactor<interloop::glib_loop>)->UseRealTime();
BENCHMARK(asio_use_future)->UseRealTime();
BENCHMARK(asio_post_promise)->UseRealTime();

}  // namespace
}  // namespace bench
