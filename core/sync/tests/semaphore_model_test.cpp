// SPDX-License-Identifier: MIT
// A semaphore, or a mutex, compared with a number and a list of those who wait, under random operations.
#include <interloop/interloop.hpp>
#include <interloop/mutex.hpp>
#include <interloop/semaphore.hpp>

#include "support/counted.hpp"
#include "support/random_steps.hpp"

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace interloop::test {
namespace {

enum class stage { waiting, given, holds, over };

struct worker {
  future<void> done;
  permit held;
  int units = 0;
  stage expected = stage::waiting;
};

/// What a semaphore should be.
struct model {
  int free = 0;
  std::deque<int> line;                          // names of those who wait
  std::vector<std::unique_ptr<worker>> workers;  // by name
  std::vector<int> order;                        // names of those who got units, when they ran
  std::vector<int> given;                        // names of those who will, in the next run

  worker& of(int name) { return *workers[static_cast<std::size_t>(name)]; }
  void serve() {
    while (!line.empty() && of(line.front()).units <= free) {
      worker& first = of(line.front());
      free -= first.units;
      first.expected = stage::given;
      given.push_back(line.front());
      line.pop_front();
    }
  }
};

template <class Lock>
future<void> work(api, Lock lock, worker& mine, int name, std::vector<int>& order, counted) {
  mine.held = co_await lock();
  order.push_back(name);
}

template <class Acquire>
std::string one_run(steps& random, int count, testing::manual_loop& manual, int units, std::size_t most,
                    Acquire acquire, const auto& available, const auto& waiting) {
  const api io(*manual);
  model expected;
  expected.free = units;
  std::vector<int> order;

  for (int i = 0; i < count; ++i) {
    const int names = static_cast<int>(expected.workers.size());
    const int what = random.choose(100);
    if (what < 40) {
      const int wanted = 1 + random.choose(static_cast<int>(most));
      random.note("acquire " + std::to_string(wanted) + " as " + std::to_string(names));
      expected.workers.push_back(std::make_unique<worker>());
      worker& mine = *expected.workers.back();
      mine.units = wanted;
      if (expected.line.empty() && wanted <= expected.free) {
        expected.free -= wanted;
        mine.expected = stage::holds;
        expected.order.push_back(names);
      } else {
        expected.line.push_back(names);
      }
      mine.done = work(io, [acquire, wanted] { return acquire(wanted); }, mine, names, order, {});
    } else if (what < 65 && names > 0) {
      const int name = random.choose(names);
      worker& mine = expected.of(name);
      if (!mine.held) continue;
      random.note("release " + std::to_string(name));
      mine.held.release();
      mine.expected = stage::over;
      expected.free += mine.units;
      expected.serve();
    } else if (what < 85 && names > 0) {
      const int name = random.choose(names);
      worker& mine = expected.of(name);
      random.note("cancel " + std::to_string(name));
      const bool runs = mine.expected == stage::waiting || mine.expected == stage::given;
      if (cancel(mine.done) != (runs || !is_called(mine.done))) return "whether there was something to cancel";
      if (mine.expected == stage::waiting) {
        std::erase(expected.line, name);
        mine.expected = stage::over;
        expected.serve();
      } else if (mine.expected == stage::given) {
        std::erase(expected.given, name);
        mine.expected = stage::over;
        expected.free += mine.units;
        expected.serve();
      }
    } else {
      random.note("run");
      manual.run_ready();
      for (const int name : expected.given) {
        expected.order.push_back(name);
        expected.of(name).expected = stage::holds;
      }
      expected.given.clear();
      if (auto differs = difference("order", order, expected.order); !differs.empty()) return differs;
      for (const auto& each : expected.workers)
        if (is_called(each->done) != (each->expected != stage::waiting)) return "whether a worker is done";
    }
    if (available() != expected.free) return "free units: " + std::to_string(available());
    if (waiting() != expected.line.size()) return "waiting: " + std::to_string(waiting());
  }
  return {};
}

std::string leftover() {
  return counted::alive() == 0 ? "" : std::to_string(counted::alive()) + " frames were not destroyed";
}

TEST(semaphore_model_test, random_semaphores_agree_with_a_number_and_a_list) {
  try_seeds(
      [](steps& random, int count) -> std::string {
        {
          testing::manual_loop manual;
          const int units = random.choose(5);
          semaphore real(*manual, static_cast<std::size_t>(units));
          if (std::string differs = one_run(
                  random, count, manual, units, 3,
                  [&](int wanted) { return real.acquire(static_cast<std::size_t>(wanted)); },
                  [&] { return static_cast<int>(real.available()); }, [&] { return real.waiting(); });
              !differs.empty())
            return differs;
        }
        return leftover();
      },
      60);
}

TEST(semaphore_model_test, random_mutexes_agree_with_a_number_and_a_list) {
  try_seeds(
      [](steps& random, int count) -> std::string {
        {
          testing::manual_loop manual;
          mutex real(*manual);
          if (std::string differs = one_run(
                  random, count, manual, 1, 1, [&](int) { return real.lock(); }, [&] { return real.locked() ? 0 : 1; },
                  [&] { return real.waiting(); });
              !differs.empty())
            return differs;
        }
        return leftover();
      },
      60);
}

}  // namespace
}  // namespace interloop::test
