// SPDX-License-Identifier: MIT
// What does a future cost in KJ (Cap'n Proto), whose promises run on KJ's own loop and need no post?
//
// Shown for comparison, without a required ratio: it does not run on the user's loop.
#include <kj/async.h>
#include <kj/vector.h>

#include <benchmark/benchmark.h>

namespace bench {
namespace {

constexpr int batch = 1000;

void kj_promise(benchmark::State& state) {
  kj::EventLoop loop;
  kj::WaitScope scope(loop);
  long sum = 0;
  kj::Vector<kj::Promise<void>> waiting;
  for (auto _ : state) {
    for (int i = 0; i < batch; ++i) {
      auto pair = kj::newPromiseAndFulfiller<int>();
      auto fork = pair.promise.fork();
      waiting.add(fork.addBranch().then([&sum](int value) { sum += value; }).eagerlyEvaluate(nullptr));
      waiting.add(fork.addBranch().then([&sum](int value) { sum -= 2 * value; }).eagerlyEvaluate(nullptr));
      pair.fulfiller->fulfill(kj::mv(i));
    }
    scope.poll();
    waiting.clear();
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * batch);
}

BENCHMARK(kj_promise);

}  // namespace
}  // namespace bench
