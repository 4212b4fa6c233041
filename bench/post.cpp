// SPDX-License-Identifier: MIT
// What does it cost to post from another thread, without limit: until all has run, and for the thread that posts?
//
// `until_run`: one thread posts 100,000 callables as fast as it can to a loop that is running in another, wall time
// until the last has run. `poster_alone`: the loop does not run meanwhile, so only posting is timed.
#include "loops.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <semaphore>
#include <thread>

namespace bench {
namespace {

constexpr int many = 100'000;

/// interloop, with a handle as a thread would have one; held, as the native loop must not end before the posts come.
template <class On>
struct interloop_post {
  On on;
  interloop::loop_remote remote = on.core().remote();
  interloop::loop_hold hold = on.core().hold();
  template <class F>
  void post(F&& fn) {
    remote.post(std::forward<F>(fn));
  }
  void run() { on.run(); }
  void end() { hold.release(); }
};

/// Asio with locks (no concurrency hint), as posting from another thread requires.
struct asio_post {
  asio::io_context io;
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  template <class F>
  void post(F&& fn) {
    asio::post(io, std::forward<F>(fn));
  }
  void run() { io.run(); }
  void end() { work.reset(); }
};

/// With the concurrency hint 1, which still locks.
struct asio_post_hint_1 {
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  template <class F>
  void post(F&& fn) {
    asio::post(io, std::forward<F>(fn));
  }
  void run() { io.run(); }
  void end() { work.reset(); }
};

double seconds_since(std::chrono::steady_clock::time_point begun) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

template <class Poster>
void until_run(benchmark::State& state) {
  Poster poster;
  long sum = 0;
  std::binary_semaphore begin{0}, done{0};
  std::thread other([&] {
    for (;;) {
      begin.acquire();
      if (sum < 0) return;
      for (int i = 1; i < many; ++i) poster.post([&sum] { ++sum; });
      poster.post([&done] { done.release(); });
    }
  });
  std::thread runs([&] { poster.run(); });
  for (auto _ : state) {
    const auto begun = std::chrono::steady_clock::now();
    begin.release();
    done.acquire();
    state.SetIterationTime(seconds_since(begun));
  }
  sum = -1;
  begin.release();
  other.join();
  poster.post([&poster] { poster.end(); });
  runs.join();
  state.SetItemsProcessed(state.iterations() * many);
}

template <class Poster>
void poster_alone(benchmark::State& state) {
  Poster poster;
  long sum = 0;
  std::thread runs;
  for (auto _ : state) {
    std::thread other([&] {
      const auto begun = std::chrono::steady_clock::now();
      for (int i = 0; i < many; ++i) poster.post([&sum] { ++sum; });
      state.SetIterationTime(seconds_since(begun));
    });
    other.join();
    if constexpr (requires { poster.io; }) {
      poster.io.restart();
      poster.io.poll();
    } else {
      poster.on.native.poll();
      poster.on.native.restart();
    }
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * many);
}

/// With locks, as posting from another thread requires.
class on_asio_threads : public interloop::test::on_one_asio_thread {
 public:
  on_asio_threads()
      : on_one_asio_thread([](asio::io_context& io) { return interloop::asio_loop(io); },
                           ASIO_CONCURRENCY_HINT_DEFAULT) {}
};
class on_asio_one_thread_only : public interloop::test::on_one_asio_thread {
 public:
  on_asio_one_thread_only()
      : on_one_asio_thread([](asio::io_context& io) { return interloop::asio_loop(io, interloop::one_thread); },
                           ASIO_CONCURRENCY_HINT_DEFAULT) {}
};

BENCHMARK(until_run<interloop_post<on_asio_threads>>)->UseManualTime();
BENCHMARK(until_run<interloop_post<on_asio_one_thread_only>>)->UseManualTime();
BENCHMARK(until_run<asio_post>)->UseManualTime();
BENCHMARK(until_run<asio_post_hint_1>)->UseManualTime();
BENCHMARK(poster_alone<interloop_post<on_asio_threads>>)->UseManualTime();
BENCHMARK(poster_alone<interloop_post<on_asio_one_thread_only>>)->UseManualTime();
BENCHMARK(poster_alone<asio_post>)->UseManualTime();
BENCHMARK(poster_alone<asio_post_hint_1>)->UseManualTime();

}  // namespace
}  // namespace bench
