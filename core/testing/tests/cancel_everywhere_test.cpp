// SPDX-License-Identifier: MIT
// The tool finds each kind of fault, where it is.
#include <interloop/interloop.hpp>
#include <interloop/testing/cancel_everywhere.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/eventfd.h>
#include <unistd.h>

#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace interloop::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

/// A fault in each run in which it was cancelled, and only there.
auto whenever_cancelled(const char* fault) {
  return AllOf(Not(IsEmpty()), Each(AllOf(StartsWith("cancelled in turn "), HasSubstr(fault))));
}

TEST(cancel_everywhere_test, a_sound_coroutine_is_cancelled_at_each_await_and_nothing_is_found) {
  std::set<int> cancelled_at;
  const auto report = cancel_everywhere([&](api async) -> future<void> {
    int at = 0;
    try {
      co_await async.sleep(1s);
      ++at;
      co_await async.yield();
      ++at;
      co_await async.sleep(1h);
    } catch (const cancelled_error&) {
      cancelled_at.insert(at);
      throw;
    }
  });
  EXPECT_EQ(report.text(), "");
  EXPECT_THAT(cancelled_at, ElementsAre(0, 1, 2));
  EXPECT_GE(report.places, 3);
}

TEST(cancel_everywhere_test, awaits_that_follow_each_other_in_one_turn_are_not_missed) {
  std::set<int> cancelled_at;
  const auto report = cancel_everywhere([&](api async) -> future<void> {
    for (int i = 0; i < 5; ++i) {
      const auto step = async.create_future<void>();
      async.call_soon([step] {
        if (!is_called(step)) resolve(step);
      });
      try {
        co_await step;
      } catch (const cancelled_error&) {
        cancelled_at.insert(i);
        throw;
      }
    }
  });
  EXPECT_EQ(report.text(), "");
  EXPECT_THAT(cancelled_at, ElementsAre(0, 1, 2, 3, 4));
}

TEST(cancel_everywhere_test, a_timer_that_is_left_is_found) {
  const auto report = cancel_everywhere([](api async) -> future<void> {
    timer alarm = async.call_later(1h, [] {});
    co_await async.sleep(1s);
    alarm.cancel();
  });
  EXPECT_THAT(report.problems, whenever_cancelled("left behind: 1 timer(s)"));
}

TEST(cancel_everywhere_test, a_future_that_is_left_pending_is_found) {
  const auto report = cancel_everywhere([](api async) -> future<void> {
    static_cast<void>([](api io) -> future<void> { co_await io.sleep(1h); }(async));
    co_return;
  });
  EXPECT_THAT(report.problems, ElementsAre(HasSubstr("not cancelled: left behind: 2 pending"), HasSubstr("1 timer")));
}

TEST(cancel_everywhere_test, a_watch_and_a_hold_that_are_left_are_found) {
  const int event = ::eventfd(0, EFD_CLOEXEC);
  std::optional<fd_watch> watch;
  std::optional<loop_hold> hold;
  const auto report = cancel_everywhere(
      [&](api async) -> future<void> {
        watch.emplace(async.watch(event, interest::read, [](interest) {}));
        hold.emplace(async.hold());
        co_await async.yield();
        watch.reset();
        hold.reset();
      },
      {.check = [&] {
        watch.reset();
        hold.reset();
        return std::string();
      }});
  EXPECT_THAT(report.problems, AllOf(Contains(HasSubstr("1 watch")), Contains(HasSubstr("1 hold"))));
  ::close(event);
}

TEST(cancel_everywhere_test, a_hang_is_found) {
  future<void> never;
  const auto report = cancel_everywhere(
      [&](api async) -> future<void> {
        bool stopped = false;
        try {
          co_await async.sleep(1s);
        } catch (const cancelled_error&) {
          stopped = true;
        }
        if (stopped) co_await (never = async.create_future<void>());
      },
      {.check = [&] {
        never = {};
        return std::string();
      }});
  EXPECT_THAT(report.problems, whenever_cancelled("it hangs"));
}

TEST(cancel_everywhere_test, a_lost_value_is_found) {
  const auto report = cancel_everywhere([](api async) -> future<void> {
    tracked_value on_the_way(1);
    co_await async.yield();
    on_the_way.take();
  });
  EXPECT_THAT(report.problems, whenever_cancelled("lost: 1"));
  std::vector<tracked_value> kept;
  const auto leaking = cancel_everywhere([&](api async) -> future<void> {
    tracked_value on_the_way(1);
    on_the_way.take();
    kept.push_back(std::move(on_the_way));
    co_await async.yield();
  });
  EXPECT_THAT(leaking.problems, ElementsAre(HasSubstr("not cancelled: left behind: 1 tracked_value")));
}

TEST(cancel_everywhere_test, reports_failures_and_the_own_check_are_given) {
  const auto reporting = cancel_everywhere([](api async) -> future<void> {
    async.call_soon([] { throw std::logic_error("a bug"); });
    co_await async.yield();
  });
  EXPECT_THAT(reporting.text(), AllOf(HasSubstr("not cancelled"), HasSubstr("a bug")));
  const auto failing = cancel_everywhere([](api async) -> future<int> {
    co_await async.yield();
    throw std::runtime_error("refused");
  });
  EXPECT_THAT(failing.problems,
              ElementsAre(HasSubstr("it fails without being cancelled: std::runtime_error: refused")));
  const auto throwing = cancel_everywhere([](api async) {
    if (!async.loop().closed()) throw std::runtime_error("no memory");
    return async.create_future<int>();
  });
  EXPECT_THAT(throwing.problems, ElementsAre(HasSubstr("the scenario threw: std::runtime_error: no memory")));
  int runs = 0;
  const auto checked = cancel_everywhere([](api async) -> future<void> { co_await async.yield(); },
                                         {.check = [&] { return ++runs == 2 ? "the lock is taken" : ""; }});
  EXPECT_THAT(checked.problems,
              ElementsAre(AllOf(StartsWith("cancelled in turn 1 of"), HasSubstr(": the lock is taken"))));
}

TEST(cancel_everywhere_test, one_that_does_not_end_is_found) {
  const auto report = cancel_everywhere(
      [](api async) -> future<void> {
        for (;;) co_await async.yield();
      },
      {.most_turns = 20});
  EXPECT_THAT(report.problems, ElementsAre(HasSubstr("20 turns were not enough")));
}

}  // namespace
}  // namespace interloop::testing
