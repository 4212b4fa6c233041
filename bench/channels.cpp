// SPDX-License-Identifier: MIT
// What does it cost to send an item through a channel to another coroutine of the same loop, and to lock a mutex?
//
// Channel: one coroutine sends 1,000 numbers, another receives them. `handed_over`: the channel has no room, so each
// number suspends one of them. `buffered`: it has room for 64. Mutex: `uncontended` locks and unlocks; `handed_over`: two
// coroutines in turn, so each lock waits for the other's. A generator's values are received by one coroutine.
//
// There are 16 pairs of coroutines, each with its own channel or mutex: one pair would wake the native loop after every
// 16 items, and that would be measured.
#include "loops.hpp"

#include <interloop/async_generator.hpp>
#include <interloop/channel.hpp>
#include <interloop/mutex.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <memory>
#include <vector>

namespace bench {
namespace {

using interloop::future;
using interloop::loop;

future<void> send_all(loop&, interloop::channel<int>& to) {
  for (int i = 0; i < batch; ++i) co_await to.send(i);
}
future<void> receive_all(loop&, interloop::channel<int>& from, long& sum) {
  for (int i = 0; i < batch; ++i) sum += *co_await from.next();
}

constexpr int pairs = 16;

void through_channel(benchmark::State& state, std::size_t capacity) {
  interloop::test::on_manual on;
  std::vector<std::unique_ptr<interloop::channel<int>>> channels;
  for (int i = 0; i < pairs; ++i) channels.push_back(std::make_unique<interloop::channel<int>>(on.core(), capacity));
  long sum = 0;
  for (auto _ : state) {
    for (auto& each : channels) {
      static_cast<void>(receive_all(on.core(), *each, sum));
      static_cast<void>(send_all(on.core(), *each));
    }
    on.run();
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * batch * pairs);
}
void channel_handed_over(benchmark::State& state) { through_channel(state, 0); }
void channel_buffered(benchmark::State& state) { through_channel(state, 64); }

future<void> lock_often(loop&, benchmark::State& state, interloop::mutex& m) {
  for (auto _ : state) {
    // A coroutine's variables lie in memory, and so does this one.
    for (int i = 0; i < batch; i += 5) {
      {
        const interloop::mutex::scoped_lock lock = co_await m.lock();
        benchmark::ClobberMemory();
      }
      {
        const interloop::mutex::scoped_lock lock = co_await m.lock();
        benchmark::ClobberMemory();
      }
      {
        const interloop::mutex::scoped_lock lock = co_await m.lock();
        benchmark::ClobberMemory();
      }
      {
        const interloop::mutex::scoped_lock lock = co_await m.lock();
        benchmark::ClobberMemory();
      }
      {
        const interloop::mutex::scoped_lock lock = co_await m.lock();
        benchmark::ClobberMemory();
      }
    }
  }
}

void mutex_uncontended(benchmark::State& state) {
  interloop::test::on_manual on;
  interloop::mutex m(on.core());
  static_cast<void>(lock_often(on.core(), state, m));
  state.SetItemsProcessed(state.iterations() * batch);
}

future<void> lock_in_turns(loop&, interloop::mutex& m, int& left) {
  while (left > 0) {
    const interloop::mutex::scoped_lock lock = co_await m.lock();
    --left;
  }
}

void mutex_handed_over(benchmark::State& state) {
  interloop::test::on_manual on;
  std::vector<std::unique_ptr<interloop::mutex>> mutexes;
  for (int i = 0; i < pairs; ++i) mutexes.push_back(std::make_unique<interloop::mutex>(on.core()));
  std::vector<int> left(pairs);
  for (auto _ : state) {
    for (std::size_t i = 0; i < pairs; ++i) {
      left[i] = batch;
      const interloop::mutex::scoped_lock first = mutexes[i]->try_lock();
      static_cast<void>(lock_in_turns(on.core(), *mutexes[i], left[i]));
      static_cast<void>(lock_in_turns(on.core(), *mutexes[i], left[i]));
    }
    on.run();
    benchmark::DoNotOptimize(left.data());
  }
  state.SetItemsProcessed(state.iterations() * batch * pairs);
}

interloop::async_generator<int> generate(loop&) {
  for (int i = 0; i < batch; ++i) co_yield i;
}
future<void> read_all(loop&, interloop::async_generator<int> from, long& sum) {
  while (const auto value = co_await from.next()) sum += *value;
}

void generator(benchmark::State& state) {
  interloop::test::on_manual on;
  long sum = 0;
  for (auto _ : state) {
    static_cast<void>(read_all(on.core(), generate(on.core()), sum));
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * batch);
}

BENCHMARK(channel_handed_over);
BENCHMARK(channel_buffered);
BENCHMARK(mutex_uncontended);
BENCHMARK(mutex_handed_over);
BENCHMARK(generator);

}  // namespace
}  // namespace bench
