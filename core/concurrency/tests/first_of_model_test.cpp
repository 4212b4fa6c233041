// SPDX-License-Identifier: MIT
// first_of compared with a list of outcomes: one random set of futures, completed in a random order, raced in two ways.
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>

#include "support/counted.hpp"
#include "support/random_steps.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace interloop::test {
namespace {

constexpr int failed = -1;
constexpr int cancelled = -2;

/// A race as a list. `ends` has each future's outcome, none while it is pending.
struct model {
  bool needs_value;
  bool stopped = false;
  std::optional<std::pair<int, int>> outcome{};  // index and value; a negative value is a failure

  // What the loop sees when it looks. Returns whether the others are cancelled now.
  bool look(const std::vector<std::optional<int>>& ends) {
    if (outcome) return false;
    const auto counts = [&](const std::optional<int>& end) { return end && (!needs_value || *end >= 0); };
    const auto first = std::find_if(ends.begin(), ends.end(), counts);
    if (first != ends.end()) {
      outcome = {static_cast<int>(first - ends.begin()), **first};
      return true;
    }
    if (std::all_of(ends.begin(), ends.end(), [](const auto& end) { return end.has_value(); }))
      outcome = {0, stopped ? cancelled : failed};
    return false;
  }
  [[nodiscard]] bool done(const std::vector<std::optional<int>>& ends) const {
    return outcome && std::all_of(ends.begin(), ends.end(), [](const auto& end) { return end.has_value(); });
  }
};

int kind_of(const failure& fail) { return fail.is<cancelled_error>() ? cancelled : failed; }

std::string one_run(steps& random, int count, bool needs_value) {
  testing::manual_loop manual;
  const api io(*manual);
  manual->set_exception_handler([](std::string_view, const failure&) {});
  const int size = 1 + random.choose(6);
  std::vector<future<int>> futures;
  for (int i = 0; i < size; ++i) futures.push_back(io.create_future<int>([held = counted()] {}));
  std::vector<std::optional<int>> ends(futures.size());
  const auto real = first_of(needs_value ? race::to_succeed : race::to_complete, futures);
  model expected{needs_value};

  // A pending future that is cancelled ends at once, and is looked at in the next turn.
  const auto run = [&] {
    manual.run_ready();
    if (expected.look(ends)) {
      for (auto& each : ends)
        if (!each) each = cancelled;
    }
  };
  for (int i = 0; i < count; ++i) {
    const int what = random.choose(100);
    if (what < 60) {
      const int index = random.choose(size);
      const int how =
          random.choose(3) > 0 && (!needs_value || random.chance(30)) ? random.choose(1000) : -1 - random.choose(2);
      random.note("complete " + std::to_string(index) + " as " + std::to_string(how));
      auto& end = ends[static_cast<std::size_t>(index)];
      if (end) continue;
      end = how;
      const auto& f = futures[static_cast<std::size_t>(index)];
      if (how >= 0) resolve(f, how);
      if (how == failed) reject(f, std::runtime_error("rejected"));
      if (how == cancelled) cancel(f);
    } else if (what < 95) {
      random.note("run");
      run();
    } else {
      random.note("cancel the race");
      const bool pending = !is_called(real);
      if (cancel(real) != pending) return "whether there was something to cancel";
      if (!pending) continue;
      if (!expected.outcome) expected.stopped = expected.needs_value = true;
      for (auto& each : ends)
        if (!each) each = cancelled;
      run();
    }
    if (what >= 60 && is_called(real) != expected.done(ends)) return "whether the race is over";
    if (!is_called(real) || !expected.outcome) continue;
    const failure* why = real.get_failure();
    if (why && expected.outcome->second >= 0) return "it failed";
    if (!why && expected.outcome->second < 0) return "it did not fail";
    if (!why && (static_cast<int>(real.value().index) != expected.outcome->first ||
                 real.value().value != expected.outcome->second))
      return "another one won: " + std::to_string(real.value().index);
    if (why && !needs_value && kind_of(*why) != (expected.stopped ? cancelled : expected.outcome->second))
      return "another failure: " + failure_message(*why);
  }
  for (std::size_t i = 0; i < futures.size(); ++i)
    if (is_called(futures[i]) != ends[i].has_value()) return "future " + std::to_string(i);
  return {};
}

TEST(first_of_model_test, random_races_agree_with_a_list_of_outcomes) {
  for (const bool needs_value : {false, true})
    try_seeds(
        [needs_value](steps& random, int count) -> std::string {
          if (std::string differs = one_run(random, count, needs_value); !differs.empty()) return differs;
          return counted::alive() == 0 ? "" : std::to_string(counted::alive()) + " cancellers were not destroyed";
        },
        20);
}

}  // namespace
}  // namespace interloop::test
