// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

#include "support/loop_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <list>
#include <memory>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace interloop {
namespace {

using namespace std::chrono_literals;
using test::counted;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class first_of_test : public test::loop_test {
 protected:
  /// Futures whose cancellation is noted.
  std::vector<future<int>> pending(int count) {
    std::vector<future<int>> all;
    for (int i = 0; i < count; ++i) all.push_back(create_future<int>([this, i] { cancelled.push_back(i); }));
    return all;
  }
  /// Needs a second to end after it was cancelled.
  future<int> slow_to_end(int value = -1) {
    bool stopped = false;
    try {
      co_await sleep(1h);
    } catch (const cancelled_error&) {
      stopped = true;
    }
    if (stopped) co_await sleep(1s);
    if (value < 0) throw cancelled_error("as asked");
    co_return value;
  }

  std::vector<int> cancelled;
};

TEST_F(first_of_test, gives_the_first_value_with_its_index_and_cancels_the_others_in_order) {
  const auto inputs = pending(4);
  const auto first = first_of(inputs);
  resolve(inputs[2], 20);
  EXPECT_FALSE(is_called(first));
  manual.run_ready();
  ASSERT_TRUE(is_called(first));
  EXPECT_EQ(first.value().index, 2u);
  EXPECT_EQ(first.value().value, 20);
  EXPECT_THAT(cancelled, ElementsAre(0, 1, 3));
  EXPECT_THAT(inputs[0].get_failure()->message(), HasSubstr("was the first"));
}

TEST_F(first_of_test, different_types_give_a_variant) {
  const auto number = create_future<int>();
  const auto text = create_future<std::string>();
  const auto nothing = create_future<void>();
  const auto first = first_of(number, text, nothing);
  const auto last = first_of(shield(number), shield(nothing));
  resolve(text, "hello");
  manual.run_ready();
  EXPECT_EQ(std::get<1>(first.value()), "hello");
  EXPECT_TRUE(number.get_failure()->is<cancelled_error>());
  EXPECT_TRUE(last.get_failure()->is<cancelled_error>());
}

TEST_F(first_of_test, a_failure_counts_as_the_first_unless_a_value_is_asked_for) {
  const auto inputs = pending(3);
  std::vector<future<int>> shielded;
  for (const auto& each : inputs) shielded.push_back(shield(each));
  const auto any = first_of(shielded);
  const auto value = first_of(race::to_succeed, inputs);
  reject(inputs[1], std::runtime_error("refused"));
  manual.run_ready();
  EXPECT_EQ(any.get_failure()->message(), "refused");
  EXPECT_FALSE(is_called(value));
  resolve(inputs[2], 5);
  manual.run_ready();
  EXPECT_EQ(value.value().index, 2u);
  EXPECT_THAT(cancelled, ElementsAre(0));
}

TEST_F(first_of_test, if_none_succeeds_all_failures_are_given_in_the_order_of_the_arguments) {
  const auto inputs = pending(3);
  const auto value = first_of(race::to_succeed, inputs);
  reject(inputs[2], std::runtime_error("c"));
  reject(inputs[0], std::logic_error("a"));
  manual.run_ready();
  EXPECT_FALSE(is_called(value));
  cancel(inputs[1], "b");
  manual.run_ready();
  ASSERT_TRUE(value.get_failure()->is<group_error>());
  std::vector<std::string> messages;
  for (const failure& each : failures_of(*value.get_failure())) messages.push_back(each.message());
  EXPECT_THAT(messages, ElementsAre("a", "b", "c"));
  const std::string text = failure_format_traceback(*value.get_failure());
  EXPECT_THAT(text, HasSubstr("caused by std::logic_error: a\n  caused by interloop::cancelled_error: b"));
}

TEST_F(first_of_test, a_single_failure_keeps_its_type) {
  const auto only = create_future<int>();
  const auto value = first_of(race::to_succeed, only);
  reject(only, std::out_of_range("gone"));
  manual.run_ready();
  EXPECT_TRUE(value.get_failure()->is<std::out_of_range>());
}

TEST_F(first_of_test, ties_are_decided_in_the_order_of_the_arguments) {
  const auto inputs = pending(4);
  const auto first = first_of(inputs);
  resolve(inputs[3], 3);
  resolve(inputs[1], 1);
  manual.run_ready();
  EXPECT_EQ(first.value().index, 1u);
  EXPECT_EQ(inputs[3].value(), 3) << "the loser's value stays where it is";
  const auto done = first_of(create_future<int>(10), create_future<int>(20));
  manual.run_ready();
  EXPECT_EQ(done.value().index(), 0u);
}

TEST_F(first_of_test, a_failure_in_a_tie_does_not_beat_a_value_that_is_asked_for) {
  const auto inputs = pending(2);
  const auto first = first_of(race::to_succeed, inputs);
  reject(inputs[0], std::runtime_error("refused"));
  resolve(inputs[1], 1);
  manual.run_ready();
  EXPECT_EQ(first.value().index, 1u);
}

TEST_F(first_of_test, waits_until_the_losers_have_ended) {
  const auto quick = create_future<int>();
  const auto waits = first_of(quick, slow_to_end());
  const auto does_not = first_of(losers::not_awaited, shield(quick), slow_to_end());
  resolve(quick, 1);
  manual.run_ready();
  EXPECT_TRUE(is_called(does_not));
  EXPECT_FALSE(is_called(waits));
  manual.advance(1s);
  EXPECT_EQ(std::get<0>(waits.value()), 1);
}

TEST_F(first_of_test, cancelling_it_cancels_all_and_waits_for_them) {
  const auto input = create_future<int>();
  const auto first = first_of(input, slow_to_end());
  EXPECT_TRUE(cancel(first, "enough"));
  EXPECT_EQ(input.get_failure()->message(), "enough");
  manual.run_ready();
  EXPECT_FALSE(is_called(first));
  manual.advance(1s);
  EXPECT_EQ(first.get_failure()->message(), "enough");
}

TEST_F(first_of_test, cancelling_one_that_does_not_wait_fails_it_at_once) {
  const auto input = create_future<int>();
  const auto first = first_of(losers::not_awaited, input, slow_to_end());
  cancel(first, "enough");
  EXPECT_EQ(first.get_failure()->message(), "enough");
  manual.advance(1s);
}

TEST_F(first_of_test, a_value_that_comes_in_spite_of_the_cancellation_is_not_lost) {
  const auto input = create_future<int>();
  const auto partial = create_future<int>([](const future<int>& f) { resolve(f, 3); });
  const auto first = first_of(input, partial);
  cancel(first);
  manual.run_ready();
  EXPECT_EQ(std::get<1>(first.value()), 3);
}

TEST_F(first_of_test, a_cancellation_while_the_losers_end_does_not_lose_the_value) {
  const auto quick = create_future<int>();
  const auto first = first_of(quick, slow_to_end());
  resolve(quick, 1);
  manual.run_ready();
  EXPECT_TRUE(cancel(first));
  manual.advance(1s);
  EXPECT_EQ(std::get<0>(first.value()), 1);
}

TEST_F(first_of_test, only_the_race_completes_its_future) {
  const auto inputs = pending(2);
  const auto first = first_of(inputs[0], inputs[1]);
  EXPECT_THROW(resolve(first, std::variant<int, int>(std::in_place_index<0>, 1)), invalid_state);
  cancel(first);
}

TEST_F(first_of_test, move_only_values_are_moved_and_the_winner_is_not_copied) {
  auto boxed = create_future<std::unique_ptr<int>>();
  auto held = create_future<counted>();
  auto box = first_of(boxed);
  auto one = first_of(held);
  resolve(boxed, std::make_unique<int>(3));
  resolve(held, counted(4));
  boxed = {};
  held = {};
  counted::reset_copies();
  manual.run_ready();
  EXPECT_EQ(*std::get<0>(box.take()), 3);
  EXPECT_EQ(std::get<0>(one.take()).value, 4);
  EXPECT_EQ(counted::copies(), 0);
}

TEST_F(first_of_test, a_value_that_was_taken_elsewhere_is_a_failure) {
  auto boxed = create_future<std::unique_ptr<int>>();
  const auto first = first_of(boxed);
  resolve(boxed, std::make_unique<int>(3));
  static_cast<void>(boxed.take());
  manual.run_ready();
  EXPECT_TRUE(first.get_failure()->is<invalid_state>());
}

TEST_F(first_of_test, the_failure_of_a_loser_is_reported_unless_somebody_looks) {
  {
    auto inputs = pending(2);
    const auto first = first_of(inputs);
    resolve(inputs[0], 1);
    reject(inputs[1], std::runtime_error("unseen"));
    manual.run_ready();
  }
  EXPECT_THAT(taken_reports(), ElementsAre(HasSubstr("unseen")));
}

TEST_F(first_of_test, futures_that_nobody_can_complete_break_it) {
  const auto first = first_of(create_future<int>());
  manual.run_ready();
  EXPECT_TRUE(first.get_failure()->is<broken_promise>());
}

TEST_F(first_of_test, an_empty_range_and_an_empty_handle_are_refused) {
  EXPECT_THROW(static_cast<void>(first_of(std::vector<future<int>>())), usage_error);
  const auto input = create_future<int>([this] { cancelled.push_back(0); });
  EXPECT_THROW(static_cast<void>(first_of(input, future<int>())), usage_error);
  manual.run_ready();
  EXPECT_FALSE(is_called(input));
}

TEST_F(first_of_test, closing_the_loop_fails_it_without_calling_cancellers) {
  const auto inputs = pending(2);
  const auto pending_race = first_of(inputs);
  const auto more = pending(2);
  const auto decided = first_of(more);
  resolve(more[0], 1);
  manual->close();
  EXPECT_TRUE(pending_race.get_failure()->is<loop_closed>());
  EXPECT_TRUE(decided.get_failure()->is<loop_closed>());
  EXPECT_TRUE(cancelled.empty());
}

TEST_F(first_of_test, the_closing_of_another_loop_counts_as_a_failure) {
  const auto here = create_future<int>([this] { cancelled.push_back(0); });
  testing::manual_loop other;
  const auto there = with_config(*other).create_future<int>();
  const auto first = first_of(here, there);
  other->close();
  EXPECT_FALSE(is_called(first)) << "the loser has not ended yet";
  manual.run_ready();
  EXPECT_TRUE(first.get_failure()->is<loop_closed>());
  EXPECT_THAT(cancelled, ElementsAre(0));
}

TEST_F(first_of_test, a_canceller_may_close_the_loop) {
  const auto input = create_future<int>();
  const auto closes = create_future<int>([this] { manual->close(); });
  const auto never = create_future<int>([this] { cancelled.push_back(0); });
  const auto first = first_of(input, closes, never);
  resolve(input, 1);
  manual.run_ready();
  EXPECT_TRUE(first.get_failure()->is<loop_closed>());
  EXPECT_TRUE(cancelled.empty());
}

TEST_F(first_of_test, dropping_it_changes_nothing) {
  const auto inputs = pending(2);
  static_cast<void>(first_of(inputs));
  resolve(inputs[1], 1);
  manual.run_ready();
  EXPECT_THAT(cancelled, ElementsAre(0));
}

}  // namespace
}  // namespace interloop
