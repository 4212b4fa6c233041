// SPDX-License-Identifier: MIT
// Every kind of loop, for tests that run on each: loops/<loop>/fixture.cpp and tests/support/manual_loop.cpp add them,
// and the target interloop_every_loop links those.
#pragma once

#include <interloop/interloop.hpp>
#include <interloop/testing/conformance.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace interloop::test {

/// A native loop with interloop's loop on it: see conformance.hpp.
using native_loop = testing::conformance::native_loop;

/// The kinds of loop on which every test runs, and the kinds on which only the conformance suite runs.
struct loop_kinds {
  std::vector<testing::conformance::harness> all;
  std::vector<testing::conformance::harness> for_conformance;
};
inline loop_kinds& known_loops() {
  static loop_kinds known;
  return known;
}

inline bool add_loop(testing::conformance::harness kind) {
  auto& all = known_loops().all;
  all.insert(std::find_if(all.begin(), all.end(), [&](const auto& other) { return other.name > kind.name; }),
             std::move(kind));
  return true;
}
inline bool add_conformance(testing::conformance::harness kind) {
  known_loops().for_conformance.push_back(std::move(kind));
  return true;
}

/// For parameterised tests.
inline std::vector<std::string> loop_names() {
  std::vector<std::string> names;
  for (const auto& each : known_loops().all) names.push_back(each.name);
  return names;
}
/// The loops that can make a native loop of their own, for threads: `asio`, not `asio_one_thread`, for instance.
inline std::vector<std::string> own_loop_names() {
  std::vector<std::string> names;
  for (const auto& each : known_loops().all)
    if (each.own) names.push_back(each.name);
  return names;
}

inline const testing::conformance::harness& loop_kind(const std::string& name) {
  for (const auto& each : known_loops().all)
    if (each.name == name) return each;
  throw std::invalid_argument("no such loop: " + name);
}
inline std::unique_ptr<native_loop> make_loop(const std::string& name) { return loop_kind(name).make(); }

/// Runs the loop until `done()`. An idle loop is kept running, so if `done` never becomes true, the test times out.
template <class Done>
void run_until(loop& core, Done done) {
  const loop_hold hold = core.hold();
  timer next;
  std::function<void()> check = [&] {
    if (done()) {
      core.stop();
    } else {
      next = core.call_later(std::chrono::milliseconds(1), std::ref(check));
    }
  };
  const auto over = std::make_shared<bool>(false);  // callables queued here may outlive this call
  core.call_soon([&check, over] {
    if (!*over) check();
  });
  while (!done()) core.run();  // other code may stop it too
  *over = true;
  next.cancel();
}

}  // namespace interloop::test
