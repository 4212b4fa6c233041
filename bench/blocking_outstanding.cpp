// SPDX-License-Identifier: MIT
// How many calls per second can a thread make with 1,000 outstanding: `run_in_reactor`, compared with
// `asio::use_future`?
//
// One thread starts 1,000 calls of a trivial function, then waits for all of them, and again.
#include "blocking_outstanding.hpp"

#include "loops.hpp"

#include <interloop/blocking.hpp>

#include <benchmark/benchmark.h>

#include <vector>

namespace bench {
namespace {

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

[[maybe_unused]] const bool added = [] {
  visit_owner([]<class Loop>(const std::string& name) {
    benchmark::RegisterBenchmark(("interloop_run_in_reactor<" + name + ">").c_str(), &interloop_run_in_reactor<Loop>)
        ->UseRealTime();
  });
  return true;
}();

}  // namespace
}  // namespace bench
