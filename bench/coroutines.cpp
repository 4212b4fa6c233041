// SPDX-License-Identifier: MIT
// What does `co_await` cost: of a future that is ready, and of one that is resolved later, in a turn of the loop?
//
// Deferred: 1,000 coroutines wait, each for its own future; all are resolved, the loop resumes all, and each waits for
// the next one. Compared with a hand-written queue of coroutine handles: a value, a handle, a vector. Two variants:
// `deferred` makes the awaited objects on the way, with a malloc on both sides; `made_before` makes them beforehand.
#include "loops.hpp"

#include <benchmark/benchmark.h>

#include <coroutine>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <utility>
#include <vector>

namespace bench {
namespace {

interloop::future<void> await_ready(interloop::loop&, benchmark::State& state, const interloop::future<int>& ready) {
  for (auto _ : state) {
    // A coroutine's variables lie in memory, and so does this one: counting to ten takes as long as one co_await.
    for (int i = 0; i < batch; i += 10) {
      benchmark::DoNotOptimize(co_await ready);
      benchmark::DoNotOptimize(co_await ready);
      benchmark::DoNotOptimize(co_await ready);
      benchmark::DoNotOptimize(co_await ready);
      benchmark::DoNotOptimize(co_await ready);
      benchmark::DoNotOptimize(co_await ready);
      benchmark::DoNotOptimize(co_await ready);
      benchmark::DoNotOptimize(co_await ready);
      benchmark::DoNotOptimize(co_await ready);
      benchmark::DoNotOptimize(co_await ready);
    }
  }
}

void ready(benchmark::State& state) {
  interloop::test::on_manual on;
  auto made = interloop::with_config(on.core()).create_future<int>(1);
  await_ready(on.core(), state, made);
  state.SetItemsProcessed(state.iterations() * batch);
}

/// A coroutine that starts at once, and for which nobody waits.
struct detached {
  struct promise_type {
    detached get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<> self;
};

/// The awaited object of a hand-written coroutine.
struct event {
  std::coroutine_handle<> waiter;
  int value = 0;

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> who) noexcept { waiter = who; }
  int await_resume() const noexcept { return value; }
};

/// The hand-written ready queue.
struct handle_queue {
  std::vector<std::coroutine_handle<>> ready, running;

  void resolve(event& done, int value) {
    done.value = value;
    ready.push_back(done.waiter);
  }
  void run() {
    while (!ready.empty()) {
      std::swap(ready, running);
      for (const auto each : running) each.resume();
      running.clear();
    }
  }
};

/// Reports the processor time between its construction and its end.
class stopwatch {
 public:
  explicit stopwatch(benchmark::State& state) : state_(state), begun_(now()) {}
  ~stopwatch() { state_.SetIterationTime(now() - begun_); }
  stopwatch(const stopwatch&) = delete;
  stopwatch& operator=(const stopwatch&) = delete;

 private:
  static double now() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  }
  benchmark::State& state_;
  double begun_;
};

interloop::future<void> wait_for_next(interloop::loop& core, interloop::future<int>& slot, long& sum) {
  for (;;) {
    slot = interloop::with_config(core).create_future<int>();
    sum += co_await slot;
  }
}

void interloop_deferred(benchmark::State& state) {
  interloop::test::on_manual on;
  long sum = 0;
  std::vector<interloop::future<int>> slots(batch);
  for (auto& each : slots) wait_for_next(on.core(), each, sum);
  for (auto _ : state) {
    for (auto& each : slots) interloop::resolve(each, 1);
    on.run();
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * batch);
}

detached hand_wait_for_next(event*& slot, long& sum) {
  for (;;) {
    auto* mine = new (std::malloc(sizeof(event))) event;
    slot = mine;
    sum += co_await *mine;
    std::free(mine);
  }
}

void handles_deferred(benchmark::State& state) {
  handle_queue queue;
  long sum = 0;
  std::vector<event*> slots(batch);
  std::vector<detached> coroutines;
  for (auto& each : slots) coroutines.push_back(hand_wait_for_next(each, sum));
  for (auto _ : state) {
    for (event* each : slots) queue.resolve(*each, 1);
    queue.run();
    benchmark::DoNotOptimize(sum);
  }
  for (auto& each : coroutines) each.self.destroy();
  for (event* each : slots) std::free(each);
  state.SetItemsProcessed(state.iterations() * batch);
}

/// The awaited objects of even and of odd rounds, so that the next one exists when the last one is resolved.
template <class Waited>
struct pair_of {
  Waited of[2];
};

interloop::future<void> wait_in_turns(interloop::loop&, pair_of<interloop::future<int>>& slots, long& sum) {
  for (unsigned round = 0;; ++round) sum += co_await slots.of[round & 1];
}

void interloop_made_before(benchmark::State& state) {
  interloop::test::on_manual on;
  const interloop::api txaio = interloop::with_config(on.core());
  long sum = 0;
  std::vector<pair_of<interloop::future<int>>> slots(batch);
  for (auto& each : slots) {
    each.of[0] = txaio.create_future<int>();
    wait_in_turns(on.core(), each, sum);
  }
  unsigned round = 0;
  for (auto _ : state) {
    for (auto& each : slots) each.of[(round + 1) & 1] = txaio.create_future<int>();
    const stopwatch watch(state);
    for (auto& each : slots) interloop::resolve(each.of[round & 1], 1);
    on.run();
    ++round;
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * batch);
}

detached hand_wait_in_turns(pair_of<event>& slots, long& sum) {
  for (unsigned round = 0;; ++round) {
    event& mine = slots.of[round & 1];  // gcc 12 would copy the element of an array that is awaited
    sum += co_await mine;
  }
}

void handles_made_before(benchmark::State& state) {
  handle_queue queue;
  long sum = 0;
  std::vector<pair_of<event>> slots(batch);
  std::vector<detached> coroutines;
  for (auto& each : slots) coroutines.push_back(hand_wait_in_turns(each, sum));
  unsigned round = 0;
  for (auto _ : state) {
    const stopwatch watch(state);
    for (auto& each : slots) queue.resolve(each.of[round & 1], 1);
    queue.run();
    ++round;
    benchmark::DoNotOptimize(sum);
  }
  for (auto& each : coroutines) each.self.destroy();
  state.SetItemsProcessed(state.iterations() * batch);
}

BENCHMARK(ready);
BENCHMARK(interloop_deferred);
BENCHMARK(handles_deferred);
BENCHMARK(interloop_made_before)->UseManualTime();
BENCHMARK(handles_made_before)->UseManualTime();

}  // namespace
}  // namespace bench
