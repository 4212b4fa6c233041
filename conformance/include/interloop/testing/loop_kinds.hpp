// SPDX-License-Identifier: MIT
// The kinds of loop that a test program has. Linking with a loop's fixture adds the loop's kinds, before `main`.
//
// Authors of tests need <interloop/testing/every_loop.hpp> only. This header is for authors of adapters, whose fixture
// calls `add_loop` for each way in which their loop can be used.
#pragma once

#include <interloop/testing/conformance.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace interloop::testing {

/// What was added. Filled before `main`, and not changed afterwards.
struct loop_kinds {
  std::vector<conformance::harness> all;              // by name; every test may run on each of them
  std::vector<conformance::harness> for_conformance;  // only the conformance suite runs on them
  std::vector<std::string> linked;                    // the loops whose fixtures are linked: each names one of `all`
};

/// Those of this program. Any thread, once `main` runs.
[[nodiscard]] loop_kinds& known_loops();

/// Adds a kind on which every test can run. Assign the result, which is true, to a global variable.
bool add_loop(conformance::harness kind);
/// Adds a kind for the conformance suite only: another way to switch the same loop, say.
bool add_conformance(conformance::harness kind);
/// Says that the loop's fixture is linked. What the build makes of each fixture calls this.
bool add_linked(std::string_view loop);

/// The kind of that name. Errors: `usage_error`, which lists those that there are.
[[nodiscard]] const conformance::harness& loop_kind(std::string_view name);

/// The names of all kinds, sorted.
[[nodiscard]] std::vector<std::string> loop_names();
/// Of those, the ones that can make a native loop of their own, with the clock of the machine: for real servers, and for
/// threads. Each loop has one; the manual loop has none.
[[nodiscard]] std::vector<std::string> own_loop_names();

}  // namespace interloop::testing
