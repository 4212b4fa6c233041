// SPDX-License-Identifier: MIT
// What combines futures, cancelled at each place where it waits.
#include <interloop/interloop.hpp>
#include <interloop/testing/cancel_everywhere.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace interloop::testing {
namespace {

using namespace std::chrono_literals;

/// Needs a moment to end after it was cancelled.
future<int> clean_up(api async, duration after) {
  bool stopped = false;
  try {
    co_await async.sleep(after);
  } catch (const cancelled_error&) {
    stopped = true;
  }
  if (!stopped) co_return 1;
  co_await async.sleep(1s);
  throw cancelled_error("cleaned up");
}

TEST(cancelled_everywhere_test, time_limits_that_are_kept_and_that_are_not) {
  const auto report = cancel_everywhere([](api async) -> future<void> {
    static_cast<void>(co_await with_timeout(10s, clean_up(async, 1s)));
    const auto late = with_timeout(1s, clean_up(async, 10s));
    bool timed_out = false;
    try {
      static_cast<void>(co_await late);
    } catch (const timeout_error&) {
      timed_out = true;
    }
    if (!timed_out) throw std::logic_error("the limit did not hold");
    co_await with_deadline(async.now() + 1s, async.yield());
  });
  EXPECT_EQ(report.text(), "");
  EXPECT_GE(report.places, 5);
}

TEST(cancelled_everywhere_test, races) {
  const auto report = cancel_everywhere([](api async) -> future<void> {
    const auto first = clean_up(async, 1s);
    const auto second = clean_up(async, 2s);
    static_cast<void>(co_await first_of(first, second, async.sleep(10s)));
    std::vector<future<int>> all;
    for (int i = 1; i <= 3; ++i) all.push_back(clean_up(async, i * 1s));
    static_cast<void>(co_await first_of(race::to_succeed, all));
  });
  EXPECT_EQ(report.text(), "");
  EXPECT_GE(report.places, 4);
}

TEST(cancelled_everywhere_test, groups_with_a_limit_and_with_failures) {
  const auto report = cancel_everywhere([](api async) -> future<void> {
    co_await with_task_group(
        async,
        [async](task_group& group) -> future<void> {
          for (int i = 1; i <= 4; ++i) group.spawn(clean_up, async, i * 1s);
          co_await async.sleep(1s);
          group.spawn([] {});
        },
        2);
    task_group failing(async);
    failing.add(clean_up(async, 5s));
    failing.spawn([async]() -> future<void> {
      co_await async.sleep(1s);
      throw std::runtime_error("expected");
    });
    bool failed = false;
    try {
      co_await failing.join();
    } catch (const cancelled_error&) {
      throw;
    } catch (const std::runtime_error&) {
      failed = true;
    }
    if (!failed) throw std::logic_error("join did not fail");
  });
  EXPECT_EQ(report.text(), "");
  EXPECT_GE(report.places, 6);
}

TEST(cancelled_everywhere_test, gathers_and_shields) {
  const auto report = cancel_everywhere([](api async) -> future<void> {
    const auto a = async.sleep(1s);
    const auto b = async.yield();
    static_cast<void>(co_await async.gather(a, b));
    const auto protected_one = async.yield();
    co_await shield(protected_one);
  });
  EXPECT_EQ(report.text(), "");
}

}  // namespace
}  // namespace interloop::testing
