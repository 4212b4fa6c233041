// SPDX-License-Identifier: MIT
// What does a time limit cost in Asio: `||` of an operation that is completed in the next turn, and a timer?
//
// One coroutine awaits 1,000 of them, one after the other, in a context with concurrency hint 1, where Asio takes no
// lock. That is cheaper for Asio than 1,000 coroutines, which it would have to spawn.
#include <benchmark/benchmark.h>

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <chrono>

namespace bench {
namespace {

constexpr int batch = 1000;

asio::awaitable<void> limit_in_turn(asio::io_context& context, long& sum) {
  using namespace asio::experimental::awaitable_operators;
  using namespace std::chrono_literals;
  asio::steady_timer alarm(context);
  for (int i = 0; i < batch; ++i) {
    alarm.expires_after(10s);
    const auto first = co_await (asio::post(context, asio::use_awaitable) || alarm.async_wait(asio::use_awaitable));
    sum += static_cast<long>(first.index());
  }
}

void asio_or_timer(benchmark::State& state) {
  asio::io_context context{1};
  long sum = 0;
  for (auto _ : state) {
    asio::co_spawn(context, limit_in_turn(context, sum), asio::detached);
    context.restart();
    context.run();
  }
  if (sum != 0) state.SkipWithError("a limit has passed");
  state.SetItemsProcessed(state.iterations() * batch);
}

BENCHMARK(asio_or_timer);

}  // namespace
}  // namespace bench
