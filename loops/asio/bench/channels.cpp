// SPDX-License-Identifier: MIT
// The channel of Asio, between two of its coroutines and between callbacks, on a context with concurrency hint 1, where
// it takes no lock.
#include <benchmark/benchmark.h>

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/channel.hpp>
#include <asio/io_context.hpp>
#include <asio/use_awaitable.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace bench {
namespace {

constexpr int batch = 1000;
constexpr int pairs = 16;
using channel = asio::experimental::channel<void(asio::error_code, int)>;

asio::awaitable<void> send_all(channel& to) {
  for (int i = 0; i < batch; ++i) co_await to.async_send(asio::error_code(), i, asio::use_awaitable);
}
asio::awaitable<void> receive_all(channel& from, long& sum) {
  for (int i = 0; i < batch; ++i) sum += co_await from.async_receive(asio::use_awaitable);
}

struct sender {
  channel& to;
  int next = 0;
  void operator()(asio::error_code = {}) {
    if (next < batch) to.async_send(asio::error_code(), next, sender{to, next + 1});
  }
};
struct receiver {
  channel& from;
  long& sum;
  int left = batch;
  void operator()(asio::error_code, int value) {
    sum += value;
    start();
  }
  void start() {
    if (left > 0) from.async_receive(receiver{from, sum, left - 1});
  }
};

void through_channel(benchmark::State& state, std::size_t capacity, bool coroutines) {
  asio::io_context io{1};
  std::vector<std::unique_ptr<channel>> channels;
  for (int i = 0; i < pairs; ++i) channels.push_back(std::make_unique<channel>(io, capacity));
  long sum = 0;
  for (auto _ : state) {
    for (auto& each : channels) {
      if (coroutines) {
        asio::co_spawn(io, receive_all(*each, sum), asio::detached);
        asio::co_spawn(io, send_all(*each), asio::detached);
      } else {
        receiver{*each, sum}.start();
        sender{*each}();
      }
    }
    io.restart();
    io.run();
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * batch * pairs);
}
void asio_channel_handed_over(benchmark::State& state) { through_channel(state, 0, true); }
void asio_channel_buffered(benchmark::State& state) { through_channel(state, 64, true); }
void asio_channel_handed_over_callbacks(benchmark::State& state) { through_channel(state, 0, false); }
void asio_channel_buffered_callbacks(benchmark::State& state) { through_channel(state, 64, false); }

BENCHMARK(asio_channel_handed_over);
BENCHMARK(asio_channel_buffered);
BENCHMARK(asio_channel_handed_over_callbacks);
BENCHMARK(asio_channel_buffered_callbacks);

}  // namespace
}  // namespace bench
