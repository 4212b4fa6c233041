// SPDX-License-Identifier: MIT
// For each flavour of Asio: its bench/coroutines.cpp defines `net` and `net_loop`, and includes this.
// What does it cost that an `awaitable` awaits a future, and that a coroutine of interloop awaits an operation? Compared
// with an `awaitable` that awaits an operation which a later handler completes: `async_initiate` over `post`.
//
// One coroutine awaits 1,000 times in a row; all are in one thread, without a strand.
#pragma once

#include "bench/loops.hpp"

#include <benchmark/benchmark.h>

#include <exception>
#include <optional>
#include <string>
#include <utility>

namespace bench {
namespace {

/// Completes with 1 in a later handler.
template <class Token>
auto async_one(net::io_context& native, Token&& token) {
  return net::async_initiate<Token, void(std::exception_ptr, int)>(
      [&native](auto handler) {
        net::post(native, [handler = std::move(handler)]() mutable { std::move(handler)(nullptr, 1); });
      },
      token);
}

/// The same as a future: a later callable completes it.
interloop::future<int> future_one(interloop::api io) {
  auto made = io.create_future<int>();
  io.call_soon([made] { interloop::resolve(made, 1); });
  return made;
}

net::awaitable<void> post_to_awaitable(net::io_context& native, interloop::api) {
  for (int i = 0; i < batch; ++i) benchmark::DoNotOptimize(co_await async_one(native, net::use_awaitable));
}
net::awaitable<void> future_to_awaitable(net::io_context&, interloop::api io) {
  for (int i = 0; i < batch; ++i)
    benchmark::DoNotOptimize(co_await interloop::async_get(future_one(io), net::use_awaitable));
}
interloop::future<void> post_to_future(net::io_context& native, interloop::api io) {
  for (int i = 0; i < batch; ++i) benchmark::DoNotOptimize(co_await async_one(native, interloop::use_future(io)));
}

net::awaitable<int> one_more(net::io_context& native) { co_return 1 + co_await async_one(native, net::use_awaitable); }
interloop::future<int> future_one_more(net::io_context& native, interloop::api io) {
  co_return 1 + co_await async_one(native, interloop::use_future(io));
}
/// There and back: an awaitable awaits another one that awaits the operation; or a coroutine of interloop that does.
net::awaitable<void> post_to_awaitable_to_awaitable(net::io_context& native, interloop::api) {
  for (int i = 0; i < batch; ++i) benchmark::DoNotOptimize(co_await one_more(native));
}
net::awaitable<void> post_to_future_to_awaitable(net::io_context& native, interloop::api io) {
  for (int i = 0; i < batch; ++i)
    benchmark::DoNotOptimize(co_await interloop::async_get(future_one_more(native, io), net::use_awaitable));
}

/// `BesideATimer`: the context has a timer, so Asio looks at its reactor between handlers, as in every program that uses
/// a timer, a socket or a descriptor.
template <auto* Coroutine, bool BesideATimer>
void awaits(benchmark::State& state) {
  net::io_context native{1};
  net_loop owner(native, interloop::one_thread);
  const interloop::api io(*owner);
  std::optional<net::steady_timer> timer;
  if constexpr (BesideATimer) timer.emplace(native);
  for (auto _ : state) {
    native.restart();
    if constexpr (requires(interloop::future<void> made) { made = Coroutine(native, io); }) {
      io.call_soon([&] { interloop::add_callbacks(Coroutine(native, io), [&] { native.stop(); }); });
    } else {
      net::co_spawn(native, Coroutine(native, io), [&](const std::exception_ptr&) { native.stop(); });
    }
    native.run();
  }
  state.SetItemsProcessed(state.iterations() * batch);
}

template <auto* Coroutine>
bool add(const std::string& name) {
  benchmark::RegisterBenchmark((BENCH_LOOP "_" + name).c_str(), awaits<Coroutine, false>);
  benchmark::RegisterBenchmark((BENCH_LOOP "_beside_a_timer_" + name).c_str(), awaits<Coroutine, true>);
  return true;
}

const bool added[] = {add<&post_to_awaitable>("post_to_awaitable"), add<&future_to_awaitable>("future_to_awaitable"),
                      add<&post_to_future>("post_to_future"),
                      add<&post_to_awaitable_to_awaitable>("post_to_awaitable_to_awaitable"),
                      add<&post_to_future_to_awaitable>("post_to_future_to_awaitable")};

}  // namespace
}  // namespace bench
