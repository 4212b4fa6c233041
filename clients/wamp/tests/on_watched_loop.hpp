// SPDX-License-Identifier: MIT
// A test on the loop with a movable clock, in which no exception may reach the loop's handler.
#pragma once

#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>

#include <gmock/gmock.h>

#include <string>
#include <string_view>
#include <vector>

namespace wamp_test {

class on_watched_loop : public ::testing::Test {
 protected:
  on_watched_loop() {
    loop_->set_exception_handler([this](std::string_view what, const interloop::failure& why) {
      escaped_.push_back(std::string(what) + ": " + interloop::failure_message(why));
    });
  }
  void TearDown() override { EXPECT_THAT(escaped_, ::testing::IsEmpty()); }

  std::vector<std::string> escaped_;
  interloop::testing::manual_loop loop_;
  interloop::api async_{*loop_};
};

}  // namespace wamp_test
