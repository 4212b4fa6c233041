// SPDX-License-Identifier: MIT
// Random tests against a model: seeds, steps that are printed when a run fails, and the shortest prefix that fails.
//
// INTERLOOP_SEEDS is the number of seeds to try, 200 by default; INTERLOOP_SEED is the only seed to try.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace interloop::test {

/// The source of a run's choices, and the record of what it did with them.
class steps {
 public:
  explicit steps(std::uint64_t seed) : random_(seed) {}

  /// A number from 0 to `below` - 1.
  int choose(int below) { return static_cast<int>(random_() % static_cast<std::uint64_t>(below)); }
  bool chance(int percent) { return choose(100) < percent; }
  /// A span of any magnitude below 2^`bits` ns; often round, so that some are equal.
  std::chrono::nanoseconds span(int bits) {
    const auto most = std::int64_t{1} << choose(bits);
    if (chance(40)) return std::chrono::nanoseconds(most);
    return std::chrono::nanoseconds(most / 1024 * choose(1024));
  }
  void note(std::string step) { taken_.push_back(std::move(step)); }
  [[nodiscard]] const std::vector<std::string>& taken() const noexcept { return taken_; }

 private:
  std::mt19937_64 random_;
  std::vector<std::string> taken_;
};

/// A run makes up to `count` steps and returns the difference from the model, or nothing. The same seed makes the same
/// steps whatever `count` is, so that a failing run can be shortened.
using random_run = std::function<std::string(steps& random, int count)>;

inline long from_environment(const char* name, long otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtol(text, nullptr, 10) : otherwise;
}

/// Tries each seed; for the first one that fails it reports the shortest prefix that still fails.
inline void try_seeds(const random_run& run, int count) {
  const long only = from_environment("INTERLOOP_SEED", -1);
  const long first = only >= 0 ? only : 1;
  const long last = only >= 0 ? only : from_environment("INTERLOOP_SEEDS", 200);
  for (long seed = first; seed <= last; ++seed) {
    steps whole(static_cast<std::uint64_t>(seed));
    if (run(whole, count).empty()) continue;
    for (int length = 1; length <= count; ++length) {
      steps part(static_cast<std::uint64_t>(seed));
      const std::string differs = run(part, length);
      if (differs.empty()) continue;
      std::string text;
      for (const std::string& each : part.taken()) text += "\n  " + each;
      FAIL() << differs << "\nwith INTERLOOP_SEED=" << seed << ", after " << length << " steps:" << text;
    }
    FAIL() << "with INTERLOOP_SEED=" << seed << ": failed once, and not again";
  }
}

/// Prints a list of names.
inline std::string show(const std::vector<int>& names) {
  std::string text = "[";
  for (const int each : names) text += (text.size() > 1 ? " " : "") + std::to_string(each);
  return text + "]";
}

/// Describes the difference of two lists that should be equal; empty if they are.
inline std::string difference(const char* what, const std::vector<int>& real, const std::vector<int>& model) {
  if (real == model) return {};
  return std::string(what) + ": got " + show(real) + ", the model says " + show(model);
}

}  // namespace interloop::test
