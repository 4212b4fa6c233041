// SPDX-License-Identifier: MIT
// Cases about a loop that waits for things that do not happen: it costs nothing meanwhile.
#include "conformance_bench.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <ctime>

namespace interloop::testing::conformance {
namespace {

using namespace std::chrono_literals;

// What is pending, but will not happen.
struct nothing_soon {
  pair_of_fds idle = sockets();
  pair_of_fds paused = sockets();
  pair_of_fds ended = sockets();
  timer far;
  fd_watch watches[3];

  explicit nothing_soon(bench& b) {
    paused.send();
    ended.close_far();
    far = b.later(2h, [] {});
    watches[0] = b.watch(idle.near(), interest::read, [](interest) {});
    watches[1] = b.watch(paused.near(), interest::none, [](interest) {});
    watches[2] = b.watch(ended.near(), interest::none, [](interest) {});
    b.turns();
  }
};

// What this thread has used of the processor, and how often it has slept, as far as the system counts that.
struct usage {
  duration time;
  long sleeps;

  static usage now() {
    std::timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    ::rusage counted{};
    ::getrusage(RUSAGE_THREAD, &counted);
    return {std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec), counted.ru_nvcsw};
  }
};

bool sleeps_are_counted() {
  const long before = usage::now().sleeps;
  std::this_thread::sleep_for(1ms);
  return usage::now().sleeps > before;
}

}  // namespace

void add_idle_cases(case_list& all) {
  all.add("a far timer, an idle watch and a paused watch cause no turns", [](bench& b) {
    b.needs(ability::sleeps);
    const nothing_soon pending(b);
    b.linger(1ms);
    const std::uint64_t before = b.core().turns();
    b.linger(10ms);
    b.steps(5);  // a busy machine may let ten milliseconds pass within one
    const std::uint64_t turns = b.core().turns() - before;
    b.check(turns <= 2,
            "there is nothing to do and there are no turns, but in some 10 ms there were " + std::to_string(turns) +
                "; look for a wake-up that is not taken back, an alarm that rings at once, a watch that reports while "
                "paused");
  });

  all.add("the native loop sleeps while there is nothing to do", [](bench& b) {
    b.needs(ability::sleeps);
    const nothing_soon pending(b);
    // On a busy machine a loop that spins does not get much of the processor either, but it never sleeps.
    const bool counted = sleeps_are_counted();
    duration most = duration::zero();
    for (int tries = 0; tries < 10; ++tries) {
      const auto began = std::chrono::steady_clock::now();
      const usage before = usage::now();
      b.linger(10ms);
      const usage after = usage::now();
      const duration used = after.time - before.time;
      const bool is_calm = used < (std::chrono::steady_clock::now() - began) / 2;
      if (is_calm && (!counted || after.sleeps > before.sleeps)) return;
      most = std::max(most, used);
    }
    b.check(false, "the thread sleeps while there is nothing to do, but of each 10 ms it used up to " +
                       std::to_string(most / 1us) +
                       " us of the processor; look for a descriptor that stays ready and is never read, or that is "
                       "waited for while its watch is paused");
  });
}

}  // namespace interloop::testing::conformance
