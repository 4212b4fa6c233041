// SPDX-License-Identifier: MIT
// A program that is linked with throw_traces: reports have the native stack.
#include <interloop/interloop.hpp>
#include <interloop/slow_callback.hpp>
#include <interloop/testing/manual_loop.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <mutex>
#include <thread>

namespace interloop {

using namespace std::chrono_literals;

std::atomic<bool> reported{false};

__attribute__((noinline)) void waits_deep_inside() {
  while (!reported) {
    for (int i = 0; i < 1000; ++i) asm volatile("");
  }
}
__attribute__((noinline)) void calls_it() {
  waits_deep_inside();
  asm volatile("");
}

TEST(watchdog_stack_test, the_stack_of_the_callback) {
  testing::manual_loop manual;
  stuck_callback found;  // written by the watchdog, read after `reported`
  const watchdog dog(*manual, 5ms, [&](const stuck_callback& stuck) {
    if (stuck.what.find("callback") == std::string::npos || reported) return;
    found = stuck;
    reported = true;
  });
  manual->call_soon([] { calls_it(); });
  manual.run_ready();
  // ThreadSanitizer has signals wait for a function of its own, which then comes first.
  using ::testing::AllOf;
  using ::testing::Contains;
  using ::testing::HasSubstr;
  EXPECT_THAT(found.stack, Contains(AllOf(HasSubstr("watchdog_stack_test.cpp:"), HasSubstr("waits_deep_inside()"))));
  EXPECT_THAT(found.stack, Contains(AllOf(HasSubstr("watchdog_stack_test.cpp:"), HasSubstr("calls_it()"))));
}

TEST(watchdog_stack_test, a_signal_that_others_use_is_refused) {
  testing::manual_loop manual;
  const auto nothing = [](const stuck_callback&) {};
  ASSERT_NE(std::signal(SIGUSR1, SIG_IGN), SIG_ERR);
  EXPECT_THROW(watchdog(*manual, 1s, nothing, {SIGUSR1}), usage_error);
  EXPECT_THROW(watchdog(*manual, 1s, nothing, {SIGKILL}), usage_error);
  EXPECT_THROW(watchdog(*manual, 1s, nothing, {12345}), usage_error);
  {
    const watchdog without(*manual, 1s, nothing, {0});
  }
  const watchdog with(*manual, 1s, nothing, {SIGUSR2});
}

}  // namespace interloop
