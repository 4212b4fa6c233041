// SPDX-License-Identifier: MIT
// What does a call through a router, 64 in flight, cost the caller in processor time, compared with Autobahn|Python on
// asyncio and on uvloop? And how many bytes has a pending call?
//
// One router and one callee serve all. Times are processor time of the caller's thread: manual_time.
#ifdef BENCH_LOOP  // not on the manual loop, whose clock does not wait for a router

#include "autobahn.hpp"

#include "clients/support/wamp_router.hpp"

#include <benchmark/benchmark.h>
#include <interloop/wamp.hpp>

#include <malloc.h>
#include <time.h>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench/loops.hpp"

namespace bench {
namespace {

namespace wamp = interloop::wamp;
using test_servers::wamp_router;

double cpu_of_this_thread() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Runs the loop until the future is completed; its value.
template <class T>
T get(interloop::loop& core, interloop::future<T> f) {
  interloop::add_callbacks(
      f, [&core](const auto&) { core.stop(); }, [&core](const interloop::failure&) { core.stop(); });
  while (!interloop::is_called(f)) core.run();
  return f.take();
}

std::string url(const way& by) { return wamp_router::shared().url(by.transport == "ws" ? "ws" : "unix"); }

wamp::transport_options options(const way& by) {
  wamp::transport_options how(url(by));
  how.serializers = {by.serializer == "json"   ? wamp::serializer::json
                     : by.serializer == "cbor" ? wamp::serializer::cbor
                                               : wamp::serializer::msgpack};
  return how;
}

/// In a thread of its own, whose time does not count; until the end of the program.
template <class On>
class callee {
 public:
  callee() : thread_([this] { run(); }) {
    while (!ready_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ~callee() {
    over_ = true;
    thread_.join();
  }

 private:
  void run() {
    On on;
    interloop::loop& core = on.core();
    const interloop::api async(core);
    const auto session = get(core, wamp::join(async, url(ways[0]), "open"));
    get(core, session.register_("bench.add", [](int a, int b) { return a + b; }));
    ready_ = true;
    while (!over_) get(core, then_true(core, async.sleep(std::chrono::milliseconds(20))));
  }
  static interloop::future<bool> then_true(interloop::loop&, interloop::future<void> slept) {
    co_await slept;
    co_return true;
  }

  std::atomic<bool> ready_ = false;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

interloop::future<bool> call_in_rounds(interloop::loop&, wamp::session session) {
  bool right = true;
  interloop::future<int> sums[in_flight];
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < in_flight; ++i) sums[i] = session.call<int>("bench.add", i, 1);
    for (int i = 0; i < in_flight; ++i) right = co_await std::move(sums[i]) == i + 1 && right;
  }
  co_return right;
}

template <class On>
void start_callee() {
  static callee<On> one;
}
/// Starts it, once.
void (*need_callee)() = nullptr;

template <class On>
void interloop_call(benchmark::State& state, const way& by) {
  need_callee();
  On on;
  interloop::loop& core = on.core();
  const auto session = get(core, wamp::join(interloop::api(core), options(by), "open"));
  for (auto _ : state) {
    const double before = cpu_of_this_thread();
    if (!get(core, call_in_rounds(core, session))) throw std::runtime_error("a wrong result");
    state.SetIterationTime(cpu_of_this_thread() - before);
  }
  state.SetItemsProcessed(state.iterations() * rounds * in_flight);
}

template <class On>
void autobahn_call(benchmark::State& state, const std::string& loop, const way& by) {
  need_callee();
  static std::map<std::string, std::unique_ptr<autobahn_caller>> started;
  auto& caller = started[loop + by.name()];
  On on;
  interloop::loop& core = on.core();
  const interloop::api async(core);
  const auto session = get(core, wamp::join(async, options(ways[0]), "open"));
  if (!caller) {
    const auto& router = wamp_router::shared();
    caller =
        std::make_unique<autobahn_caller>(loop, by, by.transport == "ws" ? router.url("ws") : router.value("unix"));
    for (bool there = false; !there;) {
      const auto answer = session.call<double>(caller->procedure(), 1);
      try {
        get(core, answer);
        there = true;
      } catch (const wamp::application_error&) {  // not registered yet
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
    }
  }
  for (auto _ : state) state.SetIterationTime(get(core, session.call<double>(caller->procedure(), rounds)));
  state.SetItemsProcessed(state.iterations() * rounds * in_flight);
}

/// What `malloc` has given out for each of 10,000 calls that wait for their results, and are sent.
template <class On>
void pending_call(benchmark::State& state) {
  constexpr int count = 10'000;
  On on;
  interloop::loop& core = on.core();
  const auto session = get(core, wamp::join(interloop::api(core), options(ways[0]), "open"));
  std::vector<interloop::future<int>> all;
  all.reserve(count);
  for (auto _ : state) {
    const std::size_t before = ::mallinfo2().uordblks;
    for (int i = 0; i < count; ++i) all.push_back(session.call<int>("peer.rs.msgpack.wait", 600));
    get(core, session.call<int>("peer.rs.msgpack.add", 1, 1));
    state.counters["malloced"] = static_cast<double>(::mallinfo2().uordblks - before) / count;
    all.clear();
  }
}

/// Two measurements of each: the work is fixed, and the router slow.
void measure(const std::string& name, auto code) {
  benchmark::RegisterBenchmark(name.c_str(), code)->Iterations(2)->UseManualTime();
}

[[maybe_unused]] const bool added = [] {
  if (!wamp_router::available()) return false;
  bool first = true;
  visit_loops([&]<class On>(const std::string& kind) {
    for (const way& by : ways)
      measure("interloop<on_" + kind + ">/" + by.name(),
              [by](benchmark::State& state) { interloop_call<On>(state, by); });
    if (!std::exchange(first, false)) return;  // the rest is not about a loop of ours
    need_callee = &start_callee<On>;
    for (const way& by : ways)
      for (const char* loop : {"asyncio", "uvloop"})
        measure("autobahn_" + std::string(loop) + "/" + by.name(),
                [by, loop](benchmark::State& state) { autobahn_call<On>(state, loop, by); });
    benchmark::RegisterBenchmark("pending_call", &pending_call<On>)->Iterations(1);
  });
  return true;
}();

}  // namespace
}  // namespace bench

#endif
