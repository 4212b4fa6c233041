// SPDX-License-Identifier: MIT
// A task_group compared with two lists: of the tasks that run, and of those that wait for a place.
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>

#include "support/counted.hpp"
#include "support/random_steps.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace interloop::test {
namespace {

/// The tasks by number. A stubborn one goes on after it was cancelled, until it is told to end.
struct model {
  struct task {
    bool spawned;
    bool stubborn;
    bool ended = false;  // completed, but the loop has not looked yet
    bool failed = false;
  };
  std::size_t limit;
  std::map<int, task> running;
  std::deque<std::pair<int, task>> waiting;
  std::vector<int> failures;
  bool stopped = false;
  bool by_user = false;

  [[nodiscard]] std::size_t spawned() const {
    return static_cast<std::size_t>(
        std::count_if(running.begin(), running.end(), [](const auto& each) { return each.second.spawned; }));
  }
  void stop() {
    stopped = true;
    waiting.clear();
    for (auto& [number, each] : running)
      if (!each.stubborn) each.ended = true;
  }
  void look(const std::vector<int>& order) {
    for (const int number : order) {
      const auto found = running.find(number);
      if (found == running.end() || !found->second.ended) continue;
      const bool failed = found->second.failed;
      running.erase(found);
      if (failed) {
        failures.push_back(number);
        if (!stopped) stop();
      }
      start();
    }
    // Those that were cancelled meanwhile end in the next turn.
    for (auto at = running.begin(); at != running.end();) at = at->second.ended ? running.erase(at) : std::next(at);
  }
  void start() {
    while (!waiting.empty() && spawned() < limit) {
      running.insert(waiting.front());
      waiting.pop_front();
    }
  }
  [[nodiscard]] bool idle() const { return running.empty() && waiting.empty(); }
};

struct run_of_a_group {
  steps& random;
  testing::manual_loop manual;
  api io{*manual};
  model expected{static_cast<std::size_t>(1 + random.choose(4)), {}, {}, {}};
  std::optional<task_group> group{std::in_place, *manual, expected.limit};
  std::map<int, future<void>> gates;  // of the tasks that have started
  std::vector<int> order;             // in which the gates were opened
  std::optional<future<void>> joined;
  int made = 0;

  explicit run_of_a_group(steps& from) : random(from) {}

  future<void> task(api async, int number, bool stubborn, counted = {}) {
    // The task waits for `gate`. A cancellation does not reach what is shielded.
    auto gate = async.create_future<void>();
    gates[number] = gate;
    if (!stubborn) {
      co_await gate;
      co_return;
    }
    const auto inner = [](api, future<void> waits) -> future<void> {
      for (;;) {
        try {
          co_await shield(waits);
          co_return;
        } catch (const cancelled_error&) {
        }
        if (is_called(waits)) co_return;
      }
    };
    co_await inner(async, gate);
    if (const failure* why = gate.get_failure()) why->rethrow();
  }

  std::string step() {
    const int what = random.choose(100);
    if (what < 35) {
      const int number = made++;
      const bool stubborn = random.chance(30);
      const bool spawns = random.chance(70);
      random.note((spawns ? "spawn " : "add ") + std::to_string(number) + (stubborn ? ", stubborn" : ""));
      if (spawns) {
        const bool started = group->spawn([this, number, stubborn] { return task(io, number, stubborn); });
        if (started == expected.stopped) return "whether spawn does anything";
        if (expected.stopped) return {};
        expected.waiting.push_back({number, {true, stubborn}});
        expected.start();
      } else {
        group->add(task(io, number, stubborn));
        expected.running[number] = {false, stubborn};
        if (expected.stopped && !stubborn) expected.running[number].ended = true;
      }
    } else if (what < 65) {
      std::vector<int> open;
      for (const auto& [number, each] : expected.running)
        if (!each.ended) open.push_back(number);
      if (open.empty()) return {};
      const int number = open[static_cast<std::size_t>(random.choose(static_cast<int>(open.size())))];
      const bool fails = random.chance(15);
      random.note((fails ? "fail " : "end ") + std::to_string(number));
      expected.running[number].ended = true;
      expected.running[number].failed = fails;
      order.push_back(number);
      if (fails) {
        reject(gates[number], std::runtime_error(std::to_string(number)));
      } else {
        resolve(gates[number]);
      }
      return look();
    } else if (what < 85) {
      random.note("join");
      if (!joined) joined = group->join();
      return look();
    } else if (what < 97) {
      return look();
    } else {
      const bool by_join = joined && !is_called(*joined) && random.chance(50);
      random.note(by_join ? "cancel the join" : "cancel");
      if (by_join) {
        cancel(*joined, "join");
      } else {
        group->cancel("group");
      }
      if (!expected.stopped) {
        expected.by_user = true;
        expected.stop();
      }
      return look();
    }
    return {};
  }

  std::string look() {
    manual.run_ready();
    expected.look(order);
    order.clear();
    if (group->running() != expected.running.size())
      return "running: " + std::to_string(group->running()) + ", not " + std::to_string(expected.running.size());
    if (group->waiting() != expected.waiting.size())
      return "waiting: " + std::to_string(group->waiting()) + ", not " + std::to_string(expected.waiting.size());
    if (group->stopping() != expected.stopped) return "whether it is stopping";
    if (!joined) return {};
    if (is_called(*joined) != expected.idle()) return "whether the join is over";
    if (!is_called(*joined)) return {};
    std::vector<int> failures;
    bool cancelled = false;
    if (const failure* why = joined->get_failure()) {
      for (const failure& each : failures_of(*why)) {
        if (each.is<cancelled_error>()) {
          cancelled = true;
        } else {
          failures.push_back(std::stoi(each.message()));
        }
      }
    }
    if (cancelled != (expected.by_user && expected.failures.empty())) return "whether the join was cancelled";
    joined.reset();
    return difference("failures", failures, expected.failures);
  }

  std::string end() {
    for (auto& [number, gate] : gates)
      if (!is_called(gate)) resolve(gate);
    joined.reset();
    group.reset();
    manual.run_ready();
    return {};
  }
};

TEST(task_group_model_test, random_tasks_agree_with_lists) {
  try_seeds(
      [](steps& random, int count) -> std::string {
        {
          run_of_a_group one(random);
          one.manual->set_exception_handler([](std::string_view, const failure&) {});
          for (int i = 0; i < count; ++i)
            if (std::string differs = one.step(); !differs.empty()) return differs;
          one.end();
        }
        return counted::alive() == 0 ? "" : std::to_string(counted::alive()) + " tasks were not destroyed";
      },
      40);
}

}  // namespace
}  // namespace interloop::test
