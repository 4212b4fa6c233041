// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

#include "support/loop_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <list>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace interloop {
namespace {

using test::counted;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class gather_test : public test::loop_test {
 protected:
  std::vector<future<int>> pending(int count) {
    std::vector<future<int>> all;
    for (int i = 0; i < count; ++i) all.push_back(create_future<int>());
    return all;
  }
};

TEST_F(gather_test, gives_the_values_in_the_order_of_the_futures) {
  const auto inputs = pending(3);
  const auto all = gather(inputs);
  for (const int i : {2, 0, 1}) {
    EXPECT_FALSE(is_called(all));
    resolve(inputs[static_cast<std::size_t>(i)], i * 10);
    manual.run_ready();
  }
  ASSERT_TRUE(is_called(all));
  ASSERT_EQ(all.value().size(), 3u);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(all.value()[static_cast<std::size_t>(i)].value(), i * 10);
}

TEST_F(gather_test, takes_any_range_of_futures) {
  const std::list<future<int>> inputs{create_future<int>(1), create_future<int>(2)};
  const auto all = gather(inputs);
  const auto temporary = gather(std::vector{create_future<int>(3)});
  manual.run_ready();
  EXPECT_EQ(all.value()[1].value(), 2);
  EXPECT_EQ(temporary.value()[0].value(), 3);
}

TEST_F(gather_test, a_gather_of_nothing_is_resolved_with_nothing) {
  const auto all = gather(std::vector<future<int>>());
  ASSERT_TRUE(is_called(all));
  EXPECT_TRUE(all.value().empty());
  EXPECT_TRUE(is_called(gather()));
}

TEST_F(gather_test, futures_of_different_types_give_a_tuple) {
  const future<int> number = create_future<int>();
  const future<std::string> text = create_future<std::string>();
  const future<void> nothing = create_future<void>();
  const auto all = gather(number, text, nothing);
  resolve(nothing);
  resolve(text, "text");
  resolve(number, 1);
  manual.run_ready();
  const auto& [a, b, c] = all.value();
  EXPECT_EQ(a.value(), 1);
  EXPECT_EQ(b.value(), "text");
  EXPECT_TRUE(c.has_value());
}

TEST_F(gather_test, never_completes_inside_the_call_that_completed_the_last_future) {
  const auto inputs = pending(1);
  const auto all = gather(inputs);
  resolve(inputs[0], 1);
  EXPECT_FALSE(is_called(all));
  manual.run_ready();
  EXPECT_TRUE(is_called(all));
}

TEST_F(gather_test, consuming_exceptions_puts_each_failure_in_its_place) {
  const auto inputs = pending(3);
  const auto all = gather(inputs);
  resolve(inputs[0], 1);
  reject(inputs[1], std::runtime_error("second"));
  cancel(inputs[2]);
  manual.run_ready();
  ASSERT_TRUE(is_called(all));
  const auto& results = all.value();
  EXPECT_EQ(results[0].value(), 1);
  EXPECT_EQ(results[1].error().message(), "second");
  EXPECT_THROW(static_cast<void>(results[1].value()), std::runtime_error);
  EXPECT_TRUE(results[2].error().is<cancelled_error>());
}

TEST_F(gather_test, not_consuming_them_fails_the_whole_with_the_first_and_lets_the_others_continue) {
  const auto inputs = pending(3);
  const auto all = gather(consume_exceptions::no, inputs);
  reject(inputs[1], std::runtime_error("second"));
  manual.run_ready();
  ASSERT_TRUE(is_called(all));
  EXPECT_EQ(all.get_failure()->message(), "second");
  EXPECT_FALSE(is_called(inputs[0]));
  reject(inputs[0], std::runtime_error("too late to be seen by the whole"));
  resolve(inputs[2], 1);
  manual.run_ready();
  EXPECT_EQ(all.get_failure()->message(), "second");
}

TEST_F(gather_test, the_same_for_a_tuple) {
  const future<int> number = create_future<int>();
  const future<void> nothing = create_future<void>();
  const auto all = gather(consume_exceptions::no, number, nothing);
  reject(nothing, std::runtime_error("whole"));
  manual.run_ready();
  EXPECT_EQ(all.get_failure()->message(), "whole");
}

TEST_F(gather_test, a_failure_that_was_gathered_counts_as_looked_at_but_the_whole_does_not) {
  {
    const auto all = gather(std::vector{create_future_error<int>(std::runtime_error("kept"))});
    manual.run_ready();
  }
  EXPECT_TRUE(reports.empty());
  {
    const auto all =
        gather(consume_exceptions::no, std::vector{create_future_error<int>(std::runtime_error("thrown"))});
    manual.run_ready();
  }
  EXPECT_THAT(taken_reports(), ElementsAre(HasSubstr("nobody looked at it: std::runtime_error: thrown")));
}

TEST_F(gather_test, cancelling_the_whole_cancels_the_pending_futures) {
  std::vector<int> cancelled;
  std::vector<future<int>> inputs;
  for (int i = 0; i < 3; ++i) inputs.push_back(create_future<int>([&cancelled, i] { cancelled.push_back(i); }));
  resolve(inputs[1], 1);
  const auto all = gather(inputs);
  EXPECT_TRUE(cancel(all, "stop"));
  EXPECT_THAT(cancelled, ElementsAre(0, 2));
  manual.run_ready();
  EXPECT_TRUE(all.get_failure()->is<cancelled_error>());
  EXPECT_EQ(all.get_failure()->message(), "stop");
}

TEST_F(gather_test, cancelling_reaches_coroutines_that_are_gathered) {
  const auto sleeps = []() -> future<void> { co_await interloop::sleep(std::chrono::hours(1)); };
  const auto all = gather(std::vector{sleeps(), sleeps()});
  cancel(all);
  manual.run_ready();
  EXPECT_EQ(manual.next_alarm(), (time_point::max)());
}

TEST_F(gather_test, a_canceller_that_cancels_the_whole_again_or_the_siblings_does_no_harm) {
  future<std::vector<result<int>>> all;
  std::vector<future<int>> inputs;
  for (int i = 0; i < 3; ++i)
    inputs.push_back(create_future<int>([&] {
      cancel(all);
      for (const auto& each : inputs) cancel(each);
    }));
  all = gather(inputs);
  cancel(all);
  manual.run_ready();
  EXPECT_TRUE(all.get_failure()->is<cancelled_error>());
  for (const auto& each : inputs) EXPECT_TRUE(is_called(each));
}

TEST_F(gather_test, a_canceller_that_closes_the_loop_does_no_harm) {
  std::vector<future<int>> inputs;
  for (int i = 0; i < 3; ++i) inputs.push_back(create_future<int>([this, held = counted()] { manual->close(); }));
  const auto all = gather(inputs);
  cancel(all);
  EXPECT_TRUE(all.get_failure()->is<loop_closed>());
  EXPECT_EQ(counted::alive(), 0);
}

TEST_F(gather_test, move_only_values_are_taken) {
  std::vector<future<std::unique_ptr<int>>> inputs{create_future<std::unique_ptr<int>>(),
                                                   create_future<std::unique_ptr<int>>()};
  int sum = 0;
  add_callbacks(gather(inputs), [&](std::vector<result<std::unique_ptr<int>>>&& all) {
    for (auto& each : all) sum += *std::move(each).value();
  });
  const auto more = [&]() -> future<void> {
    std::vector<future<std::unique_ptr<int>>> one(1, create_future<std::unique_ptr<int>>(std::make_unique<int>(10)));
    auto all = co_await gather(one);
    sum += *std::move(all[0]).value();
  };
  const future<void> done = more();
  resolve(inputs[0], std::make_unique<int>(1));
  resolve(inputs[1], std::make_unique<int>(2));
  manual.run_ready();
  EXPECT_EQ(sum, 13);
}

TEST_F(gather_test, the_same_future_may_be_gathered_twice_if_its_value_copies) {
  const future<int> f = create_future<int>(4);
  const auto all = gather(std::vector{f, f});
  const auto f2 = create_future<std::unique_ptr<int>>(std::make_unique<int>(1));
  const auto moves = gather(consume_exceptions::no, std::vector{f2, f2});
  manual.run_ready();
  EXPECT_EQ(all.value()[1].value(), 4);
  ASSERT_TRUE(is_called(moves));
  EXPECT_TRUE(moves.get_failure()->is<invalid_state>());
}

TEST_F(gather_test, a_value_that_was_taken_elsewhere_is_a_failure_in_its_place) {
  const std::vector inputs{create_future<std::unique_ptr<int>>(), create_future<std::unique_ptr<int>>()};
  add_callbacks(inputs[0], [](std::unique_ptr<int>) {});
  const auto all = gather(inputs);
  const auto both = gather(inputs[0], create_future<int>(7));
  for (const auto& each : inputs) resolve(each, std::make_unique<int>(5));
  manual.run_ready();
  ASSERT_TRUE(is_called(all) && is_called(both));
  EXPECT_TRUE(all.value()[0].error().is<invalid_state>());
  EXPECT_EQ(*all.value()[1].value(), 5);
  EXPECT_TRUE(std::get<0>(both.value()).error().is<invalid_state>());
  EXPECT_EQ(std::get<1>(both.value()).value(), 7);
}

TEST_F(gather_test, a_value_whose_copy_throws_counts_as_a_failure) {
  struct thrower {
    thrower() = default;
    thrower(const thrower&) { throw std::runtime_error("copy"); }
    thrower(thrower&&) noexcept {}
  };
  const future<thrower> f = create_future<thrower>(thrower());
  const future<int> other = create_future<int>();
  const auto all = gather(consume_exceptions::no, f, other);
  const auto outcomes = gather(f, other);
  manual.run_ready();
  ASSERT_TRUE(is_called(all));
  EXPECT_EQ(all.get_failure()->message(), "copy");
  EXPECT_FALSE(is_called(outcomes));
  resolve(other, 1);
  manual.run_ready();
  ASSERT_TRUE(is_called(outcomes));
  EXPECT_EQ(std::get<0>(outcomes.value()).error().message(), "copy");
  EXPECT_EQ(std::get<1>(outcomes.value()).value(), 1);
}

TEST_F(gather_test, continues_when_its_result_is_dropped) {
  const auto inputs = pending(2);
  static_cast<void>(gather(inputs));
  resolve(inputs[0], 1);
  resolve(inputs[1], 1);
  manual.run_ready();
}

TEST_F(gather_test, keeps_the_futures_until_the_outcome_is_known_and_no_longer) {
  const auto f = create_future<counted>();
  const auto g = create_future<int>();
  auto all = gather(consume_exceptions::no, f, g);
  resolve(f, counted(1));
  reject(g, std::runtime_error("x"));
  manual.run_ready();
  EXPECT_EQ(all.get_failure()->message(), "x");
  all = {};
  EXPECT_LE(counted::alive(), 1) << "only the future itself has it";
}

TEST_F(gather_test, a_thousand_futures_of_which_one_is_never_completed_are_destroyed_with_the_loop) {
  std::vector<future<counted>> inputs;
  for (int i = 0; i < 1000; ++i) inputs.push_back(create_future<counted>());
  const auto all = gather(inputs);
  for (std::size_t i = 1; i < 1000; ++i) resolve(inputs[i], counted());
  inputs.resize(1);
  manual.run_ready();
  EXPECT_FALSE(is_called(all));
  manual->close();
  EXPECT_TRUE(all.get_failure()->is<loop_closed>());
}

TEST_F(gather_test, gathers_of_gathers) {
  const auto inputs = pending(2);
  const auto all = gather(gather(inputs), gather(inputs[0], inputs[1]));
  resolve(inputs[0], 1);
  resolve(inputs[1], 2);
  manual.run_ready();
  ASSERT_TRUE(is_called(all));
  EXPECT_EQ(std::get<0>(all.value()).value()[1].value(), 2);
}

TEST_F(gather_test, the_closing_of_another_loop_fails_the_whole) {
  for (const auto consume : {consume_exceptions::yes, consume_exceptions::no}) {
    testing::manual_loop other;
    std::vector<future<int>> inputs{api(*other).create_future<int>(), io.create_future<int>()};
    auto all = io.gather(consume, inputs);
    std::string message;
    add_callbacks(all, nullptr, [&](const failure& fail) { message = fail.type_name(); });
    other->close();
    inputs.clear();
    manual.run_ready();
    EXPECT_EQ(message, "interloop::loop_closed");
    EXPECT_FALSE(cancel(all));
  }
}

TEST_F(gather_test, cancelling_the_whole_after_another_loop_was_closed_does_no_harm) {
  testing::manual_loop other;
  const auto all = io.gather(std::vector{api(*other).create_future<int>(1)});
  other->close();  // the future has its value, but will never deliver it
  cancel(all);
  manual.run_ready();
  EXPECT_TRUE(all.get_failure()->is<loop_closed>());
}

}  // namespace
}  // namespace interloop
