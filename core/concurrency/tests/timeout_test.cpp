// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

#include "support/loop_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace interloop {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class timeout_test : public test::loop_test {
 protected:
  [[nodiscard]] bool no_timer_is_left() const { return manual.next_alarm() == (time_point::max)(); }

  /// Cleans up for a while after it was cancelled, and then ends as it is told.
  future<int> slow_to_end(std::string how) {
    bool stopped = false;
    try {
      co_await sleep(1h);
    } catch (const cancelled_error&) {
      stopped = true;
    }
    if (stopped) co_await sleep(3s);
    if (how == "value") co_return 7;
    if (how == "error") throw std::runtime_error("could not roll back");
    throw cancelled_error("as asked");
  }
};

TEST_F(timeout_test, gives_the_value_and_removes_the_timer) {
  const auto answer = create_future<int>();
  const auto limited = with_timeout(1s, answer);
  manual.advance(999ms);
  resolve(answer, 42);
  manual.run_ready();
  EXPECT_EQ(limited.value(), 42);
  EXPECT_TRUE(no_timer_is_left());
}

TEST_F(timeout_test, a_failure_passes_and_the_timer_is_gone) {
  const auto answer = create_future<int>();
  const auto limited = with_timeout(1s, answer);
  reject(answer, std::runtime_error("refused"));
  manual.run_ready();
  EXPECT_EQ(limited.get_failure()->message(), "refused");
  EXPECT_TRUE(no_timer_is_left());
}

TEST_F(timeout_test, cancels_when_the_time_has_passed_and_says_the_limit_and_the_place_of_the_call) {
  int cancelled = 0;
  const auto answer = create_future<int>([&] { ++cancelled; });
  const auto limited = with_timeout(1500ms, answer);
  const int line = __LINE__ - 1;
  manual.advance(1499ms);
  EXPECT_EQ(cancelled, 0);
  manual.advance(1ms);
  EXPECT_EQ(cancelled, 1);
  ASSERT_TRUE(limited.get_failure());
  EXPECT_TRUE(limited.get_failure()->is<timeout_error>());
  EXPECT_THAT(limited.get_failure()->message(), HasSubstr("no result within 1.5 s"));
  EXPECT_THAT(limited.get_failure()->message(), HasSubstr("timeout_test.cpp:" + std::to_string(line)));
  EXPECT_FALSE(limited.get_failure()->is<std::nested_exception>()) << "a cancellation is not a cause";
  EXPECT_TRUE(answer.get_failure()->is<cancelled_error>());
  EXPECT_THAT(answer.get_failure()->message(), HasSubstr("1.5 s"));
  EXPECT_TRUE(no_timer_is_left());
  EXPECT_EQ(failure_traceback(*limited.get_failure()).front().where.line(), static_cast<unsigned>(line));
}

TEST_F(timeout_test, a_deadline_is_shared_by_several_operations) {
  const time_point when = manual->now() + 2s;
  const auto first = with_deadline(when, create_future<int>());
  manual.advance(1s);
  const auto kept = create_future<int>();
  const auto second = with_deadline(when, kept);
  EXPECT_FALSE(is_called(second));
  manual.advance(1s);
  EXPECT_THAT(second.get_failure()->message(), HasSubstr("by the deadline, 1 s after the call"));
  const auto late = with_deadline(when, slow_to_end("cancelled"));
  manual.advance(3s);
  EXPECT_THAT(late.get_failure()->message(), HasSubstr("which had already passed"));
  EXPECT_TRUE(first.get_failure()->is<broken_promise>()) << "nobody could complete it";
}

TEST_F(timeout_test, a_result_in_the_same_turn_as_the_limit_counts) {
  const auto answer = create_future<int>();
  call_later(1s, [answer] { resolve(answer, 1); });
  const auto limited = with_timeout(1s, answer);
  manual.advance(1s);
  EXPECT_EQ(limited.value(), 1);
}

TEST_F(timeout_test, waits_until_the_cancelled_operation_has_ended) {
  const auto limited = with_timeout(1s, slow_to_end("cancelled"));
  manual.advance(3900ms);
  EXPECT_FALSE(is_called(limited));
  manual.advance(100ms);
  EXPECT_TRUE(limited.get_failure()->is<timeout_error>());
  EXPECT_TRUE(no_timer_is_left());
}

TEST_F(timeout_test, a_value_that_comes_nevertheless_is_not_lost) {
  const auto limited = with_timeout(1s, slow_to_end("value"));
  manual.advance(4s);
  EXPECT_EQ(limited.value(), 7);
}

TEST_F(timeout_test, another_failure_after_the_limit_is_the_cause) {
  const auto limited = with_timeout(1s, slow_to_end("error"));
  manual.advance(4s);
  ASSERT_TRUE(limited.get_failure()->is<timeout_error>());
  EXPECT_THAT(failure_format_traceback(*limited.get_failure()),
              HasSubstr("caused by std::runtime_error: could not roll"));
}

TEST_F(timeout_test, cancelling_it_cancels_the_operation_with_the_reason_and_removes_the_timer) {
  const auto answer = create_future<int>();
  const auto limited = with_timeout(1s, answer);
  EXPECT_TRUE(cancel(limited, "the user left"));
  EXPECT_EQ(answer.get_failure()->message(), "the user left");
  manual.run_ready();
  EXPECT_TRUE(limited.get_failure()->is<cancelled_error>());
  EXPECT_EQ(limited.get_failure()->message(), "the user left");
  EXPECT_TRUE(no_timer_is_left());
}

TEST_F(timeout_test, a_cancellation_wins_over_a_limit_that_passes_while_the_operation_ends) {
  const auto limited = with_timeout(2s, slow_to_end("cancelled"));
  manual.advance(1s);
  cancel(limited);
  manual.advance(10s);
  EXPECT_TRUE(limited.get_failure()->is<cancelled_error>());
}

TEST_F(timeout_test, a_limit_of_zero_means_the_next_turn) {
  const auto answer = create_future<int>();
  const auto in_time = with_timeout(0s, answer);
  const auto never = create_future<int>();
  const auto too_late = with_timeout(-1s, never);
  resolve(answer, 1);
  EXPECT_FALSE(is_called(too_late));
  manual.run_ready();
  EXPECT_EQ(in_time.value(), 1);
  EXPECT_TRUE(too_late.get_failure()->is<timeout_error>());
}

TEST_F(timeout_test, a_limit_that_is_too_long_for_the_clock_is_none) {
  const auto answer = create_future<int>();
  const auto limited = with_timeout((duration::max)(), answer);
  EXPECT_TRUE(no_timer_is_left());
  resolve(answer, 1);
  manual.run_ready();
  EXPECT_EQ(limited.value(), 1);
}

TEST_F(timeout_test, a_completed_future_needs_no_timer) {
  const auto limited = with_timeout(1s, create_future<int>(5));
  EXPECT_TRUE(no_timer_is_left());
  EXPECT_EQ(limited.value(), 5);
}

TEST_F(timeout_test, a_move_only_value_passes_and_void_too) {
  auto boxed = create_future<std::unique_ptr<int>>();
  auto limited = with_timeout(1s, boxed);
  auto nothing = with_timeout(1s, sleep(10ms));
  resolve(boxed, std::make_unique<int>(3));
  boxed = {};
  manual.advance(10ms);
  EXPECT_EQ(*limited.take(), 3);
  EXPECT_FALSE(nothing.get_failure());
}

TEST_F(timeout_test, closing_the_loop_fails_it_and_drops_the_timer) {
  const auto answer = create_future<int>();
  const auto limited = with_timeout(1s, answer);
  manual->close();
  EXPECT_TRUE(limited.get_failure()->is<loop_closed>());
  EXPECT_THROW(static_cast<void>(with_timeout(1s, answer)), loop_closed);
}

TEST_F(timeout_test, an_empty_future_is_refused) {
  EXPECT_THROW(static_cast<void>(with_timeout(1s, future<int>())), usage_error);
  EXPECT_THROW(static_cast<void>(with_deadline(now(), future<int>())), usage_error);
}

TEST_F(timeout_test, a_canceller_may_close_the_loop) {
  const auto answer = create_future<int>([this] { manual->close(); });
  const auto limited = with_timeout(1s, answer);
  manual.advance(2s);
  EXPECT_TRUE(limited.get_failure()->is<loop_closed>());
}

// A time limit as one would write it by hand. If the answer fails, the alarm is not cancelled: it keeps the future, and
// a loop that ends when idle goes on running.
future<int> by_hand(api async, duration limit, future<int> answer) {
  timer alarm = async.call_later(limit, [answer] { cancel(answer, "no answer in time"); });
  const int value = co_await answer;
  alarm.cancel();
  co_return value;
}

template <class Limit>
duration time_until_idle(Limit limit) {
  testing::manual_loop manual;
  const api async(*manual);
  const auto answer = async.create_future<int>();
  const auto limited = limit(async, answer);
  async.call_later(1s, [answer] { reject(answer, std::runtime_error("refused")); });
  const time_point begin = manual->now();
  manual->run();
  EXPECT_EQ(limited.get_failure()->message(), "refused");
  return manual->now() - begin;
}

TEST_F(timeout_test, a_failed_operation_does_not_keep_the_loop_running_until_the_limit_as_a_limit_by_hand_does) {
  EXPECT_EQ(time_until_idle([](api, future<int> answer) { return with_timeout(1h, answer); }), 1s);
  EXPECT_EQ(time_until_idle([](api async, future<int> answer) { return by_hand(async, 1h, answer); }), 1h);
}

}  // namespace
}  // namespace interloop
