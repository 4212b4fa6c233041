// SPDX-License-Identifier: MIT
// gather compared with a list of outcomes: one random set of futures, completed in a random order, gathered both ways.
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>

#include "support/counted.hpp"
#include "support/random_steps.hpp"

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace interloop::test {
namespace {

struct input {
  future<int> real;
  std::optional<int> outcome;  // a value, or -1 for a failure, -2 for a cancellation; none while pending
};

// The expected state of the `gather`: pending (nothing), the results, or the one failure.
struct expectation {
  bool done = false;
  std::vector<int> results;
};

int outcome_of(const failure& fail) { return fail.is<cancelled_error>() ? -2 : -1; }

std::string compare(const future<std::vector<result<int>>>& real, const expectation& model, const char* which) {
  std::vector<int> results;
  if (is_called(real)) {
    if (const failure* fail = real.get_failure()) {
      results.push_back(outcome_of(*fail));
    } else {
      for (const auto& each : real.value()) results.push_back(each ? each.value() : outcome_of(each.error()));
    }
  }
  if (is_called(real) != model.done)
    return std::string(which) + (model.done ? " should be done" : " is done too early");
  return difference(which, results, model.results);
}

std::string one_run(steps& random, int count) {
  testing::manual_loop manual;
  const api io(*manual);
  std::vector<input> inputs;
  std::vector<future<int>> futures;
  const int size = random.choose(6);
  for (int i = 0; i < size; ++i) {
    inputs.push_back({io.create_future<int>([held = counted()] {}), {}});
    futures.push_back(inputs.back().real);
  }
  const auto consuming = io.gather(consume_exceptions::yes, futures);
  const auto strict = io.gather(consume_exceptions::no, futures);
  expectation consumed{size == 0, {}};
  expectation first_failure{size == 0, {}};
  futures.clear();

  const auto complete = [&](int index, int how) {
    input& each = inputs[static_cast<std::size_t>(index)];
    random.note("complete " + std::to_string(index) + " as " + std::to_string(how));
    if (each.outcome) return;
    each.outcome = how;
    if (how >= 0) resolve(each.real, how);
    if (how == -1) reject(each.real, std::runtime_error("rejected"));
    if (how == -2) cancel(each.real);
    bool all = true;
    std::vector<int> results;
    for (const input& other : inputs) {
      all = all && other.outcome;
      results.push_back(other.outcome.value_or(0));
    }
    if (!first_failure.done && how < 0) first_failure = {true, {how}};
    if (!first_failure.done && all) first_failure = {true, results};
    if (!consumed.done && all) consumed = {true, results};
  };

  for (int i = 0; i < count; ++i) {
    const int what = random.choose(100);
    if (what < 60 && size > 0) {
      complete(random.choose(size), random.choose(3) == 0 ? -1 - random.choose(2) : random.choose(1000));
    } else if (what < 95) {
      random.note("run");
      manual.run_ready();
      if (auto differs = compare(consuming, consumed, "consuming"); !differs.empty()) return differs;
      if (auto differs = compare(strict, first_failure, "strict"); !differs.empty()) return differs;
    } else {
      // Cancelling one whole cancels every pending future, in order, and so completes the other whole too.
      random.note("cancel the consuming one");
      manual.run_ready();
      const bool was_pending = !consumed.done;
      if (cancel(consuming) != was_pending) return "whether there was something to cancel";
      if (!was_pending) continue;
      consumed = {true, {-2}};
      for (input& each : inputs) {
        if (each.outcome) continue;
        each.outcome = -2;
        if (!first_failure.done) first_failure = {true, {-2}};
        if (!is_called(each.real)) return "a pending future was not cancelled";
      }
    }
  }
  return {};
}

TEST(gather_model_test, random_gathers_agree_with_a_list_of_outcomes) {
  try_seeds(
      [](steps& random, int count) -> std::string {
        if (std::string differs = one_run(random, count); !differs.empty()) return differs;
        return counted::alive() == 0 ? "" : std::to_string(counted::alive()) + " cancellers were not destroyed";
      },
      30);
}

}  // namespace
}  // namespace interloop::test
