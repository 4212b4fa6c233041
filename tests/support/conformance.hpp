// SPDX-License-Identifier: MIT
// Registers the conformance suite with GoogleTest: one test per case, with the case's name.
#pragma once

#include <interloop/testing/conformance.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace conformance = interloop::testing::conformance;

/// Makes each case except one a test `<suite>.<case>` on this kind of loop. Assign the result to a global variable.
inline bool register_cases(const std::string& suite, conformance::harness on, std::string_view except = {}) {
  class one_case : public ::testing::Test {
   public:
    one_case(std::shared_ptr<const conformance::harness> on, const conformance::test_case& which)
        : on_(std::move(on)), which_(which) {}
    void TestBody() override {
      const conformance::outcome ended = which_.run(*on_);
      if (ended.what == conformance::outcome::kind::failed) FAIL() << ended.message;
      if (ended.what == conformance::outcome::kind::skipped) GTEST_SKIP() << ended.message;
    }

   private:
    std::shared_ptr<const conformance::harness> on_;
    const conformance::test_case& which_;
  };
  const auto shared = std::make_shared<const conformance::harness>(std::move(on));
  for (const conformance::test_case& each : conformance::cases()) {
    if (each.name == except) continue;
    ::testing::RegisterTest(suite.c_str(), conformance::identifier(each.name).c_str(), nullptr, nullptr, __FILE__,
                            __LINE__, [shared, &each]() -> ::testing::Test* { return new one_case(shared, each); });
  }
  return true;
}
