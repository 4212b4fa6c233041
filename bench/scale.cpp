// SPDX-License-Identifier: MIT
// How does what an operation costs grow with the number of timers, futures, watches, threads and loops? bench/scale.py
// draws it.
//
// On the manual loop, for each of N: `timers_cancelled`, set within the next minute in random order, then cancelled in
// another; `timers_fired`, set and then due; `timers_restarted`, moved to a later time; `futures`, made with a callback each,
// all resolved, then the callbacks run. On each loop: `watches`, for each byte that goes back and forth over a socketpair
// while N other descriptors are watched and quiet; `posting`, N threads post to one loop at the same time, for each
// callable, until all have run; `loops`, N threads, each with a loop of its own, make and run futures, for each future of all.
#include "loops.hpp"
#include "timers.hpp"
#include "watch.hpp"

#include <sys/eventfd.h>
#include <sys/resource.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace bench {
namespace {

#ifndef BENCH_LOOP

using interloop::duration;

class many_timers {
 public:
  explicit many_timers(benchmark::State& state)
      : plan_(static_cast<std::size_t>(state.range(0))), handles_(plan_.at.size()) {}

  void set(duration later = {}) {
    const interloop::time_point now = loop_->now();
    for (std::size_t i = 0; i < handles_.size(); ++i)
      handles_[i] = loop_->call_at(now + later + duration(plan_.at[i]), [this] { ++fired_; });
  }
  void cancel() {
    for (const std::size_t i : plan_.order) handles_[i].cancel();
  }
  void restart(duration later) {
    const interloop::time_point now = loop_->now();
    for (const std::size_t i : plan_.order) handles_[i].restart_at(now + later + duration(plan_.at[i]));
  }
  void fire() { loop_.advance(std::chrono::minutes(2)); }

 private:
  timer_plan plan_;
  interloop::testing::manual_loop loop_;
  std::vector<interloop::timer> handles_;
  std::size_t fired_ = 0;
};

void timers_cancelled(benchmark::State& state) {
  many_timers all(state);
  for (auto _ : state) {
    all.set();
    all.cancel();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void timers_fired(benchmark::State& state) {
  many_timers all(state);
  for (auto _ : state) {
    all.set();
    all.fire();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void timers_restarted(benchmark::State& state) {
  many_timers all(state);
  all.set();
  duration later{};
  for (auto _ : state) all.restart(later += std::chrono::minutes(1));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void futures(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  interloop::testing::manual_loop loop;
  const interloop::api io(*loop);
  std::vector<interloop::future<int>> all(count);
  long sum = 0;
  for (auto _ : state) {
    for (auto& each : all) {
      each = io.create_future<int>();
      interloop::add_callbacks(each, [&sum](int value) { sum += value; });
    }
    for (auto& each : all) interloop::resolve(each, 1);
    loop.run_ready();
  }
  benchmark::DoNotOptimize(sum);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

#define BENCH_GROWING(What) BENCHMARK(What)->RangeMultiplier(10)->Range(1, 10'000'000)
BENCH_GROWING(timers_cancelled);
BENCH_GROWING(timers_fired);
BENCH_GROWING(timers_restarted);
BENCH_GROWING(futures);

#else

class descriptors {
 public:
  explicit descriptors(std::size_t count) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    while (all_.size() < count) {
      const int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
      if (fd < 0) return;
      all_.push_back(fd);
    }
  }
  ~descriptors() {
    for (const int each : all_) close(each);
  }
  const std::vector<int>& all() const { return all_; }

 private:
  std::vector<int> all_;
};

template <class On>
void watches(benchmark::State& state) {
  const descriptors quiet(static_cast<std::size_t>(state.range(0)));
  if (quiet.all().size() < static_cast<std::size_t>(state.range(0))) {
    state.SkipWithError("more descriptors than the limit (ulimit -Hn)");
    return;
  }
  On on;
  std::vector<interloop::fd_watch> kept;
  for (const int each : quiet.all()) kept.push_back(on.core().watch(each, interloop::interest::read, [](auto) {}));
  table_tennis game;
  interloop::fd_watch ends[2];
  for (int i = 0; i < 2; ++i) {
    const int end = game.ends[static_cast<std::size_t>(i)];
    ends[i] = on.core().watch(end, interloop::interest::read, [&, end](interloop::interest) {
      if (!game.pass(end)) on.core().stop();
    });
  }
  for (auto _ : state) {
    game.serve();
    on.core().run();
  }
  for (auto& each : ends) each.stop();
  for (auto& each : kept) each.stop();
  state.SetItemsProcessed(state.iterations() * 2 * rounds);
}

constexpr int shared_work = 200'000;

template <class On>
void posting(benchmark::State& state) {
  const auto threads = static_cast<std::size_t>(state.range(0));
  const int each = shared_work / static_cast<int>(threads);
  On on;
  for (auto _ : state) {
    const interloop::loop_hold hold = on.core().hold();
    int left = each * static_cast<int>(threads);
    std::vector<std::thread> posters;
    for (std::size_t t = 0; t < threads; ++t)
      posters.emplace_back([&, remote = on.core().remote()] {
        for (int i = 0; i < each; ++i)
          remote.post([&] {
            if (--left == 0) on.core().stop();
          });
      });
    on.core().run();
    for (std::thread& poster : posters) poster.join();
  }
  state.SetItemsProcessed(state.iterations() * each * state.range(0));
}

/// Makes and runs `count` futures on a loop of this thread's own.
template <class Owner>
void work_alone(int count) {
  Owner own;
  interloop::loop& core = *own;
  const interloop::api io(core);
  int left = count / batch;
  long sum = 0;
  interloop::function<void()> turn;
  turn = [&] {
    for (int i = 0; i < batch; ++i) {
      auto each = io.create_future<int>();
      interloop::add_callbacks(each, [&sum](int value) { sum += value; });
      interloop::resolve(each, i);
    }
    if (--left == 0) {
      core.stop();
    } else {
      core.call_soon([&] { turn(); });
    }
  };
  core.call_soon([&] { turn(); });
  core.run();
  benchmark::DoNotOptimize(sum);
}

template <class Owner>
void loops(benchmark::State& state) {
  const int each = 6'400'000 / static_cast<int>(state.range(0));
  for (auto _ : state) {
    std::vector<std::thread> threads;
    for (std::int64_t t = 0; t < state.range(0); ++t) threads.emplace_back([each] { work_alone<Owner>(each); });
    for (std::thread& thread : threads) thread.join();
  }
  state.SetItemsProcessed(state.iterations() * each * state.range(0));
}

[[maybe_unused]] const bool added = [] {
  visit_loops([]<class On>(const std::string& kind) {
    benchmark::RegisterBenchmark(("watches<" + kind + ">").c_str(), &watches<On>)
        ->RangeMultiplier(10)
        ->Range(1, 10'000);
    benchmark::RegisterBenchmark(("posting<" + kind + ">").c_str(), &posting<On>)
        ->RangeMultiplier(2)
        ->Range(1, 64)
        ->UseRealTime();
  });
  visit_owner([]<class Owner>(const std::string& loop) {
    benchmark::RegisterBenchmark(("loops<" + loop + ">").c_str(), &loops<Owner>)
        ->RangeMultiplier(2)
        ->Range(1, 64)
        ->UseRealTime();
  });
  return true;
}();

#endif

}  // namespace
}  // namespace bench
