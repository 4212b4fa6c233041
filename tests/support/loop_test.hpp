// SPDX-License-Identifier: MIT
// The fixture of most tests: a selected loop whose clock the test moves, and that keeps every report to its exception
// handler.
#pragma once

#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <interloop/testing/replace_loop.hpp>

#include "support/counted.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace interloop::test {

/// The reports to a loop's exception handler, as "context: type: message".
inline void keep_reports(loop& from, std::vector<std::string>& reports) {
  from.set_exception_handler([&reports](std::string_view context, const failure& fail) {
    reports.push_back(std::string(context) + ": " + failure_message(fail));
  });
}

class loop_test : public ::testing::Test {
 protected:
  loop_test() { keep_reports(*manual, reports); }

  void TearDown() override {
    EXPECT_EQ(reports, std::vector<std::string>{});
    manual->close();
    EXPECT_EQ(counted::alive(), alive_before_) << "something was not destroyed, or twice";
  }

  /// Checks that there were exactly these reports, and forgets them.
  std::vector<std::string> taken_reports() { return std::exchange(reports, {}); }

  std::vector<std::string> reports;
  interloop::testing::manual_loop manual;
  api io{*manual};

 private:
  const int alive_before_ = counted::alive();
  interloop::testing::loop_replacement selected_ = interloop::testing::replace_loop(*manual);
};

}  // namespace interloop::test
