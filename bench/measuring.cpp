// SPDX-License-Identifier: MIT
// What does it cost to look at a loop: with nothing on, and with each thing that can be switched on?
//
// Queued callables, 1,000 in one turn, all from one place or from two in turn; futures with 2 callbacks; and coroutines
// that each wait for a future. `trace` writes to /dev/null; `lost` is the share of its events that were left out because
// the thread that writes did not keep up, `events` how many there were in a second.
#include <interloop/slow_callback.hpp>
#include <interloop/trace.hpp>

#include "loops.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>
#include <utility>

namespace bench {
namespace {

using namespace std::chrono_literals;

struct off {
  explicit off(interloop::loop&) {}
  void report(benchmark::State&) {}
};
struct slow {
  explicit slow(interloop::loop& core) {
    interloop::set_slow_callback(core, 1h, [](const interloop::slow_callback&) {});
  }
  void report(benchmark::State&) {}
};
struct watched {
  explicit watched(interloop::loop& core) : dog(core, 1h, [](const interloop::stuck_callback&) {}) {}
  void report(benchmark::State&) {}
  interloop::watchdog dog;
};
struct trace {
  explicit trace(interloop::loop& loop) : core(loop) { interloop::start_trace(core, "/dev/null"); }
  void report(benchmark::State& state) {
    const interloop::trace_result all = interloop::stop_trace(core);
    const auto events = static_cast<double>(all.events + all.lost);
    state.counters["lost"] = static_cast<double>(all.lost) / events;
    state.counters["events"] = benchmark::Counter(events, benchmark::Counter::kIsRate);
  }
  interloop::loop& core;
};

struct one_place {
  static void start(interloop::loop& core, long& sum) {
    for (int i = 0; i < batch; ++i) core.call_soon([&sum, i] { sum += i; });
  }
};
struct two_places {
  static void start(interloop::loop& core, long& sum) {
    for (int i = 0; i < batch; i += 2) {
      core.call_soon([&sum, i] { sum += i; });
      core.call_soon([&sum, i] { sum -= i; });
    }
  }
};
struct futures {
  static void start(interloop::loop& core, long& sum) {
    const interloop::api io = interloop::with_config(core);
    for (int i = 0; i < batch; ++i) {
      const auto made = io.create_future<int>();
      interloop::add_callbacks(made, [&sum](int value) { sum += value; });
      interloop::add_callbacks(made, [&sum](int value) { sum -= 2 * value; });
      interloop::resolve(made, i);
    }
  }
};
struct coroutines {
  static interloop::future<void> wait(interloop::loop&, interloop::future<int> value, long& sum) {
    sum += co_await std::move(value);
  }
  static void start(interloop::loop& core, long& sum) {
    const interloop::api io = interloop::with_config(core);
    for (int i = 0; i < batch; ++i) {
      const auto value = io.create_future<int>();
      static_cast<void>(wait(core, value, sum));
      interloop::resolve(value, i);
    }
  }
};

template <class Work, class Look>
void look(benchmark::State& state) {
  interloop::test::on_manual on;
  Look how(on.core());
  long sum = 0;
  for (auto _ : state) {
    on.core().call_soon([&] { Work::start(on.core(), sum); });
    on.run();
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * batch);
  how.report(state);
}

#define WITH_EACH(work)                    \
  BENCHMARK_TEMPLATE(look, work, off);     \
  BENCHMARK_TEMPLATE(look, work, slow);    \
  BENCHMARK_TEMPLATE(look, work, watched); \
  BENCHMARK_TEMPLATE(look, work, trace)

WITH_EACH(one_place);
WITH_EACH(two_places);
WITH_EACH(futures);
WITH_EACH(coroutines);

}  // namespace
}  // namespace bench
