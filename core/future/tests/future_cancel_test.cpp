// SPDX-License-Identifier: MIT
// Cancelling futures that no coroutine made: cancellers, and what happens inside them.
#include <interloop/interloop.hpp>

#include "support/loop_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <any>
#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace interloop {
namespace {

using test::counted;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using future_cancel_test = test::loop_test;

TEST_F(future_cancel_test, errbacks_see_cancelled_error_with_the_message) {
  const future<int> f = create_future<int>();
  std::string message;
  add_callbacks(f, nullptr, [&](const failure& fail) {
    EXPECT_TRUE(fail.is<cancelled_error>());
    message = fail.message();
  });
  EXPECT_TRUE(cancel(f, "not needed any more"));
  EXPECT_TRUE(is_called(f));
  manual.run_ready();
  EXPECT_EQ(message, "not needed any more");
}

TEST_F(future_cancel_test, asking_for_the_value_of_a_cancelled_future_is_an_error_and_not_a_cancellation) {
  const future<int> f = create_future<int>();
  cancel(f, "not needed any more");
  EXPECT_THROW(static_cast<void>(f.value()), operation_cancelled);
  EXPECT_THROW(static_cast<void>(result<int>(*f.get_failure()).value()), operation_cancelled);
  EXPECT_EQ(f.get_failure()->as_error().message(), "not needed any more");
  EXPECT_TRUE(create_failure(std::runtime_error("other")).as_error().is<std::runtime_error>());
}

TEST_F(future_cancel_test, a_cancelled_future_that_nobody_looks_at_is_not_reported) {
  cancel(create_future<int>());
  EXPECT_TRUE(reports.empty());
}

TEST_F(future_cancel_test, the_canceller_is_called_once_at_once_with_the_future) {
  int calls = 0;
  const future<int> f = create_future<int>([&](const future<int>& mine) {
    ++calls;
    EXPECT_FALSE(is_called(mine));
  });
  cancel(f);
  cancel(f);
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(f.get_failure()->is<cancelled_error>());
}

TEST_F(future_cancel_test, a_canceller_may_take_nothing_and_may_be_large) {
  int calls = 0;
  const future<int> small = create_future<int>([&] { ++calls; });
  const future<int> large = create_future<int>([&, pad = std::array<char, 200>{}] { calls += 1 + pad[0]; });
  add_callbacks(large, nullptr, [&](const failure&) { calls += 10; });
  cancel(small);
  cancel(large);
  manual.run_ready();
  EXPECT_EQ(calls, 12);
}

TEST_F(future_cancel_test, a_canceller_that_completes_the_future_decides_its_outcome) {
  const future<int> resolved = create_future<int>([](const future<int>& f) { resolve(f, 6); });
  const future<int> rejected = create_future<int>([](const future<int>& f) { reject(f, std::runtime_error("mine")); });
  EXPECT_TRUE(cancel(resolved));
  EXPECT_TRUE(cancel(rejected));
  EXPECT_EQ(resolved.value(), 6);
  EXPECT_EQ(rejected.get_failure()->message(), "mine");
}

TEST_F(future_cancel_test, a_canceller_that_cancels_again_does_no_harm) {
  const future<int> f = create_future<int>([](const future<int>& mine) { EXPECT_TRUE(cancel(mine, "inner")); });
  EXPECT_TRUE(cancel(f, "outer"));
  EXPECT_EQ(f.get_failure()->message(), "inner");
}

TEST_F(future_cancel_test, a_canceller_that_throws_is_reported_and_the_future_is_cancelled_anyway) {
  const future<int> f = create_future<int>([] { throw std::runtime_error("canceller"); });
  EXPECT_TRUE(cancel(f));
  EXPECT_TRUE(f.get_failure()->is<cancelled_error>());
  EXPECT_THAT(taken_reports(), ElementsAre(HasSubstr("std::runtime_error: canceller")));
}

TEST_F(future_cancel_test, the_canceller_is_not_called_for_a_completed_future_and_is_destroyed) {
  const future<int> f = create_future<int>([held = counted()] { ADD_FAILURE() << "called"; });
  resolve(f, 1);
  EXPECT_FALSE(cancel(f));
  manual.run_ready();
  EXPECT_EQ(counted::alive(), 0);
}

TEST_F(future_cancel_test, a_canceller_may_drop_the_last_handle) {
  future<int> f;
  f = create_future<int>([&f, held = counted(1)] {
    f = {};
    EXPECT_EQ(held.value, 1);
  });
  const future<int>& same = f;
  EXPECT_TRUE(cancel(same));
  manual.run_ready();
  EXPECT_EQ(counted::alive(), 0);
}

TEST_F(future_cancel_test, a_canceller_that_closes_the_loop_outlives_its_call) {
  const auto text = std::make_shared<std::string>("still here");
  const future<int> f = create_future<int>([this, text, held = counted(5)] {
    manual->close();
    EXPECT_EQ(held.value, 5);
    EXPECT_FALSE(held.moved_from);
    EXPECT_EQ(counted::alive(), 1);
    EXPECT_EQ(*text, "still here");
  });
  EXPECT_TRUE(cancel(f));
  EXPECT_TRUE(f.get_failure()->is<loop_closed>());
  EXPECT_EQ(counted::alive(), 0);
}

TEST_F(future_cancel_test, a_canceller_that_resolves_and_runs_the_loop_nested_outlives_its_call) {
  int got = 0;
  const future<int> f = create_future<int>([&, this, held = counted(5)](const future<int>& mine) {
    resolve(mine, 3);
    manual.run_ready();
    EXPECT_EQ(got, 3);
    EXPECT_EQ(held.value, 5);
    EXPECT_FALSE(held.moved_from);
  });
  add_callbacks(f, [&](int value) { got = value; });
  EXPECT_TRUE(cancel(f));
  EXPECT_EQ(counted::alive(), 0);
}

TEST_F(future_cancel_test, a_canceller_cancels_others_that_cancel_it) {
  future<int> a;
  future<int> b;
  a = create_future<int>([&] { cancel(b); });
  b = create_future<int>([&] { cancel(a); });
  cancel(a);
  EXPECT_TRUE(is_called(a));
  EXPECT_TRUE(is_called(b));
}

TEST_F(future_cancel_test, a_canceller_for_a_type_that_could_be_constructed_from_it_is_still_a_canceller) {
  static int calls;
  calls = 0;
  const auto flag = create_future<bool>([](const future<bool>&) { ++calls; });
  const auto any = create_future<std::any>([] { ++calls; });
  const auto maybe = create_future<std::optional<bool>>([] { ++calls; });
  EXPECT_FALSE(is_called(flag));
  EXPECT_FALSE(is_called(any));
  EXPECT_FALSE(is_called(maybe));
  cancel(flag);
  cancel(any);
  cancel(maybe);
  EXPECT_EQ(calls, 3);
}

TEST_F(future_cancel_test, a_function_is_the_value_of_a_future_of_functions) {
  const auto f = create_future<std::function<void()>>([] {});
  EXPECT_TRUE(is_called(f));
  EXPECT_TRUE(is_called(create_future_success([] { return 1; })));
}

TEST_F(future_cancel_test, cancelling_inside_a_callback_reaches_callbacks_of_the_same_turn) {
  const future<int> a = create_future<int>(1);
  const future<int> b = create_future<int>();
  std::vector<std::string> order;
  add_callbacks(a, [&](int) {
    order.push_back("a");
    cancel(b);
  });
  add_callbacks(b, nullptr, [&](const failure&) { order.push_back("b"); });
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre("a", "b"));
}

}  // namespace
}  // namespace interloop
