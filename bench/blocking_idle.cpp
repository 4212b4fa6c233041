// SPDX-License-Identifier: MIT
// How often does a process wake up that has called `setup()`, used it once, and then does nothing for ten seconds?
//
// The kernel counts, in one child process per loop, because `setup()` runs once per process: context switches of all
// threads except the one that counts.
#include "loops.hpp"

#include <interloop/blocking.hpp>

#include <benchmark/benchmark.h>

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace bench {
namespace {

using namespace std::chrono_literals;

/// The context switches so far of this process's threads, except the calling one.
long switches_of_others() {
  long sum = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    if (task.path().filename() == std::to_string(gettid())) continue;
    std::ifstream status(task.path() / "status");
    for (std::string word; status >> word;) {
      if (!word.ends_with("voluntary_ctxt_switches:")) continue;  // both kinds
      long count = 0;
      status >> count;
      sum += count;
    }
  }
  return sum;
}

template <class Loop>
long idle_for_ten_seconds() {
  interloop::setup<Loop>();
  interloop::wait_for(5s, [] {})();
  std::this_thread::sleep_for(100ms);
  const long before = switches_of_others();
  std::this_thread::sleep_for(10s);
  return switches_of_others() - before;
}

template <class Loop>
void idle_after_setup(benchmark::State& state) {
  long wake_ups = -1;
  for (auto _ : state) {
    int ends[2];
    if (pipe(ends) != 0) return state.SkipWithError("no pipe");
    if (const pid_t child = fork(); child == 0) {
      const long counted = idle_for_ten_seconds<Loop>();
      _exit(write(ends[1], &counted, sizeof counted) == sizeof counted ? 0 : 1);
    } else {
      waitpid(child, nullptr, 0);
    }
    if (read(ends[0], &wake_ups, sizeof wake_ups) != sizeof wake_ups) state.SkipWithError("the child failed");
    close(ends[0]);
    close(ends[1]);
  }
  state.counters["wake_ups"] = static_cast<double>(wake_ups);
}

[[maybe_unused]] const bool added = [] {
  visit_owner([]<class Loop>(const std::string& name) {
    benchmark::RegisterBenchmark(("idle_after_setup<" + name + ">").c_str(), &idle_after_setup<Loop>)
        ->Iterations(1)
        ->UseRealTime()
        ->Unit(benchmark::kSecond);
  });
  return true;
}();

}  // namespace
}  // namespace bench
