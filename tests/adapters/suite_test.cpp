// SPDX-License-Identifier: MIT
// The conformance suite is itself tested: the small loop passes it, and broken in the way a case is about it fails.
#include "faulty_loop.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

using faulty::fault;

const bool registered =
    register_cases("LoopOnPoll", faulty::harness(fault::none, std::make_shared<faulty::breaker>(fault::none)));

conformance::outcome run_broken(const conformance::test_case& which, fault how) {
  const auto between = std::make_shared<faulty::breaker>(how);
  const conformance::outcome ended = which.run(faulty::harness(how, between));
  between->forget();
  return ended;
}

// Development aid: which faults each case notices. INTERLOOP_FAULTS=1 suite_test --gtest_filter=Faults.Table
TEST(Faults, Table) {
  if (!std::getenv("INTERLOOP_FAULTS")) GTEST_SKIP() << "only on demand";
  for (const auto& each : conformance::cases()) {
    std::printf("%s |", std::string(each.name).c_str());
    for (int how = 1; how <= static_cast<int>(fault::ignores_close); ++how) {
      std::fflush(stdout);
      if (run_broken(each, static_cast<fault>(how)).what == conformance::outcome::kind::failed) std::printf(" %d", how);
    }
    std::printf("\n");
  }
}

}  // namespace
