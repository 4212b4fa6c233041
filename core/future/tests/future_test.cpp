// SPDX-License-Identifier: MIT
// How a future is completed, once, and the arguments of its callbacks. Cancelling and lifetimes are tested in other
// files.
#include <interloop/future.hpp>

#include "support/loop_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace interloop {
namespace {

using test::counted;
using ::testing::ElementsAre;
using future_test = test::loop_test;

TEST_F(future_test, a_callback_gets_the_value_in_a_later_turn) {
  const future<int> f = create_future<int>();
  std::vector<int> got;
  add_callbacks(f, [&](int value) { got.push_back(value); });
  EXPECT_FALSE(is_called(f));
  resolve(f, 5);
  EXPECT_TRUE(is_called(f));
  EXPECT_TRUE(got.empty()) << "never inside the call that made it ready";
  manual.run_ready();
  EXPECT_THAT(got, ElementsAre(5));
}

TEST_F(future_test, a_callback_added_after_completion_runs_in_a_later_turn_too) {
  const future<int> f = create_future<int>(3);
  std::vector<int> got;
  add_callbacks(f, [&](int value) { got.push_back(value); });
  EXPECT_TRUE(got.empty());
  manual.run_ready();
  EXPECT_THAT(got, ElementsAre(3));
}

TEST_F(future_test, an_errback_gets_the_failure_and_the_callback_stays_silent) {
  const future<int> f = create_future<int>();
  std::string message;
  add_callbacks(f, [&](int) { message = "value"; }, [&](const failure& fail) { message = failure_message(fail); });
  reject(f, std::runtime_error("no"));
  EXPECT_EQ(message, "");
  manual.run_ready();
  EXPECT_EQ(message, "std::runtime_error: no");
}

TEST_F(future_test, reject_without_an_error_takes_the_exception_being_handled) {
  const future<int> f = create_future<int>();
  EXPECT_THROW(reject(f), usage_error);
  EXPECT_FALSE(is_called(f));
  try {
    throw std::out_of_range("handled");
  } catch (...) {
    reject(f);
  }
  EXPECT_TRUE(f.get_failure()->is<std::out_of_range>());
}

TEST_F(future_test, reject_takes_a_failure_an_exception_or_a_pointer_to_one) {
  const future<int> a = create_future<int>();
  const future<int> b = create_future<int>();
  const future<int> c = create_future<int>();
  reject(a, create_failure(std::logic_error("a")));
  reject(b, std::logic_error("b"));
  reject(c, std::make_exception_ptr(std::logic_error("c")));
  EXPECT_EQ(a.get_failure()->message(), "a");
  EXPECT_EQ(b.get_failure()->message(), "b");
  EXPECT_EQ(c.get_failure()->message(), "c");
  EXPECT_THROW(reject(create_future<int>(), std::exception_ptr()), usage_error);
}

TEST_F(future_test, a_second_completion_throws_and_changes_nothing) {
  const future<int> resolved = create_future<int>();
  resolve(resolved, 1);
  EXPECT_THROW(resolve(resolved, 2), invalid_state);
  EXPECT_THROW(reject(resolved, std::runtime_error("late")), invalid_state);
  EXPECT_FALSE(cancel(resolved));
  EXPECT_EQ(resolved.value(), 1);

  const future<int> rejected = create_future<int>();
  reject(rejected, std::runtime_error("first"));
  EXPECT_THROW(resolve(rejected, 2), invalid_state);
  EXPECT_THROW(reject(rejected, std::runtime_error("late")), invalid_state);
  EXPECT_FALSE(cancel(rejected));
  EXPECT_EQ(rejected.get_failure()->message(), "first");

  const future<int> cancelled = create_future<int>();
  EXPECT_TRUE(cancel(cancelled));
  EXPECT_THROW(resolve(cancelled, 2), invalid_state);
  EXPECT_THROW(reject(cancelled, std::runtime_error("late")), invalid_state);
  EXPECT_FALSE(cancel(cancelled));
}

TEST_F(future_test, callbacks_run_in_the_order_they_were_added_even_if_they_are_many_and_large) {
  const future<int> f = create_future<int>();
  std::vector<int> order;
  for (int i = 0; i < 20; ++i) {
    if (i % 3 == 1) {
      add_callbacks(f, [&order, i, pad = std::array<char, 100>{}](int) { order.push_back(i + pad[0]); });
    } else {
      add_callbacks(f, [&order, i](int) { order.push_back(i); });
    }
  }
  resolve(f, 0);
  for (int i = 20; i < 25; ++i) add_callbacks(f, [&order, i](int) { order.push_back(i); });
  manual.run_ready();
  ASSERT_EQ(order.size(), 25u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_F(future_test, callbacks_of_several_futures_run_in_the_order_of_completion) {
  const future<int> a = create_future<int>();
  const future<int> b = create_future<int>();
  std::vector<int> order;
  add_callbacks(a, [&](int) { order.push_back(1); });
  add_callbacks(b, [&](int) { order.push_back(2); });
  resolve(b, 0);
  call_soon([&] { order.push_back(3); });
  resolve(a, 0);
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre(2, 3, 1));
}

TEST_F(future_test, every_callback_is_given_the_same_object) {
  const future<std::string> f = create_future<std::string>();
  std::vector<const std::string*> seen;
  for (int i = 0; i < 3; ++i) add_callbacks(f, [&](const std::string& value) { seen.push_back(&value); });
  resolve(f, "shared");
  manual.run_ready();
  EXPECT_THAT(seen, ElementsAre(&f.value(), &f.value(), &f.value()));
}

TEST_F(future_test, the_return_value_of_a_callback_is_ignored) {
  const future<int> f = create_future<int>(1);
  std::vector<int> got;
  add_callbacks(f, [](int value) { return value + 100; });
  add_callbacks(f, [&](int value) { got.push_back(value); });
  manual.run_ready();
  EXPECT_THAT(got, ElementsAre(1));
}

TEST_F(future_test, a_void_future_carries_no_value) {
  const future<void> f = create_future<void>();
  int calls = 0;
  add_callbacks(f, [&] { ++calls; });
  EXPECT_THROW(f.value(), invalid_state);
  resolve(f);
  manual.run_ready();
  f.value();
  f.take();
  EXPECT_EQ(calls, 1);
}

TEST_F(future_test, a_move_only_value_is_looked_at_by_many_and_taken_by_one) {
  const auto f = create_future<std::unique_ptr<int>>();
  int looked = 0;
  int taken = 0;
  add_callbacks(f, [&](const std::unique_ptr<int>& value) { looked = *value; });
  add_callbacks(f, [&](std::unique_ptr<int> value) { taken = *value; });
  resolve(f, std::make_unique<int>(9));
  manual.run_ready();
  EXPECT_EQ(looked, 9);
  EXPECT_EQ(taken, 9);
  EXPECT_THROW(static_cast<void>(f.value()), invalid_state);
  EXPECT_THROW(static_cast<void>(f.take()), invalid_state);
}

TEST_F(future_test, a_second_taker_of_a_move_only_value_fails_and_is_reported) {
  const auto f = create_future<std::unique_ptr<int>>(std::make_unique<int>(1));
  for (int i = 0; i < 2; ++i) add_callbacks(f, [](std::unique_ptr<int>) {});
  manual.run_ready();
  EXPECT_THAT(taken_reports(), ElementsAre(::testing::HasSubstr("interloop::invalid_state: the future's value was")));
}

TEST_F(future_test, a_taker_of_a_copyable_value_leaves_it_to_later_callbacks) {
  std::vector<std::string> got;
  {
    const auto f = create_future<std::string>();
    add_callbacks(f, [&](std::string&& value) { got.push_back(std::move(value)); });
    add_callbacks(f, [&](const std::string& value) { got.push_back(value); });
    resolve(f, "a text that is too long to be stored inside of the string");
  }
  manual.run_ready();
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0], got[1]);
}

TEST_F(future_test, a_lone_taker_gets_the_value_without_a_copy) {
  counted::reset_copies();
  int got = 0;
  {
    const auto f = create_future<counted>();
    add_callbacks(f, [&](counted&& value) { got = counted(std::move(value)).value; });
    resolve(f, counted(4));
  }
  manual.run_ready();
  EXPECT_EQ(got, 4);
  EXPECT_EQ(counted::copies(), 0);
}

TEST_F(future_test, take_moves_from_the_only_handle_and_copies_from_a_shared_one) {
  const future<std::string> f = create_future<std::string>("kept");
  {
    const future<std::string> other = f;
    EXPECT_EQ(other.take(), "kept");
  }
  EXPECT_EQ(f.value(), "kept");
  EXPECT_EQ(f.take(), "kept");
  EXPECT_THROW(static_cast<void>(f.value()), invalid_state);
}

TEST_F(future_test, values_need_no_default_constructor_and_no_assignment) {
  struct strict {
    explicit strict(int v) : value(v) {}
    strict(const strict&) = default;
    strict& operator=(const strict&) = delete;
    const int value;
  };
  const auto f = create_future<strict>();
  int got = 0;
  add_callbacks(f, [&](const strict& s) { got = s.value; });
  resolve(f, 8);
  manual.run_ready();
  EXPECT_EQ(got, 8);
}

TEST_F(future_test, values_may_be_over_aligned) {
  struct alignas(64) aligned {
    int value = 1;
  };
  const auto f = create_future<aligned>();
  const auto g = create_future<aligned>();
  resolve(f, aligned{});
  resolve(g, aligned{});
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&f.value()) % 64, 0u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&g.value()) % 64, 0u);
}

TEST_F(future_test, a_value_whose_constructor_throws_leaves_the_future_pending) {
  struct picky {
    explicit picky(int v) {
      if (v < 0) throw std::invalid_argument("negative");
    }
  };
  const auto f = create_future<picky>();
  EXPECT_THROW(resolve(f, -1), std::invalid_argument);
  EXPECT_FALSE(is_called(f));
  resolve(f, 1);
  EXPECT_TRUE(is_called(f));
}

TEST_F(future_test, value_and_take_of_a_failed_future_throw_its_exception) {
  const future<int> f = create_future_error<int>(std::out_of_range("gone"));
  EXPECT_THROW(static_cast<void>(f.value()), std::out_of_range);
  EXPECT_THROW(static_cast<void>(f.take()), std::out_of_range);
}

TEST_F(future_test, value_of_a_pending_future_throws) {
  const future<int> f = create_future<int>();
  EXPECT_THROW(static_cast<void>(f.value()), invalid_state);
  EXPECT_EQ(f.get_failure(), nullptr);
}

TEST_F(future_test, an_empty_handle_can_only_be_assigned_to) {
  future<int> f;
  EXPECT_FALSE(f);
  EXPECT_THROW(static_cast<void>(f.value()), usage_error);
  EXPECT_THROW(resolve(f, 1), usage_error);
  EXPECT_THROW(reject(f, std::runtime_error("x")), usage_error);
  EXPECT_THROW(cancel(f), usage_error);
  EXPECT_THROW(static_cast<void>(is_called(f)), usage_error);
  EXPECT_THROW(static_cast<void>(f.get_failure()), usage_error);
  EXPECT_THROW(add_callbacks(f, [](int) {}), usage_error);
  EXPECT_THROW(static_cast<void>(gather(f)), usage_error);
  EXPECT_THROW(static_cast<void>(gather(std::vector{f})), usage_error);
  f = create_future<int>(1);
  EXPECT_TRUE(f);
  EXPECT_EQ(f.value(), 1);
}

TEST_F(future_test, copies_name_the_same_future) {
  const future<int> a = create_future<int>();
  const future<int> b = a;
  EXPECT_EQ(a, b);
  EXPECT_FALSE(a == create_future<int>());
  resolve(b, 4);
  EXPECT_EQ(a.value(), 4);
  EXPECT_EQ(&a.loop(), &*manual);
}

TEST_F(future_test, both_callbacks_absent_is_refused_in_every_spelling) {
  const future<int> f = create_future<int>();
  void (*no_callback)(int) = nullptr;
  void (*no_errback)(const failure&) = nullptr;
  const std::function<void(int)> empty_callback;
  const std::function<void(const failure&)> empty_errback;
  EXPECT_THROW(add_callbacks(f, nullptr), usage_error);
  EXPECT_THROW(add_callbacks(f, nullptr, nullptr), usage_error);
  EXPECT_THROW(add_callbacks(f, no_callback, no_errback), usage_error);
  EXPECT_THROW(add_callbacks(f, empty_callback, empty_errback), usage_error);
  EXPECT_THROW(add_callbacks(f, empty_callback, nullptr), usage_error);
  EXPECT_THROW(add_callbacks(f, function<void(int)>(), no_errback), usage_error);
}

TEST_F(future_test, an_absent_callback_or_errback_is_skipped_in_every_spelling) {
  int calls = 0;
  const std::function<void(const failure&)> count_failure = [&](const failure&) { ++calls; };
  const std::function<void(int)> count_value = [&](int) { ++calls; };
  for (const bool fails : {false, true}) {
    const future<int> f = create_future<int>();
    add_callbacks(f, nullptr, count_failure);
    add_callbacks(f, std::function<void(int)>(), count_failure);
    add_callbacks(f, count_value);
    add_callbacks(f, count_value, std::function<void(const failure&)>());
    void (*no_errback)(const failure&) = nullptr;
    add_callbacks(f, count_value, no_errback);
    if (fails) {
      reject(f, std::runtime_error("x"));
    } else {
      resolve(f, 1);
    }
    manual.run_ready();
  }
  EXPECT_EQ(calls, 3 + 2);
}

TEST_F(future_test, an_exception_from_a_callback_is_reported_and_harms_no_other) {
  const future<int> f = create_future<int>(1);
  int later = 0;
  add_callbacks(f, [](int) { throw std::runtime_error("escapes"); });
  add_callbacks(f, [&](int) { ++later; });
  manual.run_ready();
  EXPECT_EQ(later, 1);
  EXPECT_THAT(taken_reports(), ElementsAre("an exception escaped a callback: std::runtime_error: escapes"));
}

TEST_F(future_test, a_callback_may_add_callbacks_to_its_own_future) {
  const future<int> f = create_future<int>(1);
  std::vector<int> order;
  add_callbacks(f, [&](int) {
    order.push_back(1);
    add_callbacks(f, [&](int) { order.push_back(4); });
    EXPECT_EQ(order.size(), 1u);
  });
  add_callbacks(f, [&](int) { order.push_back(2); });
  add_callbacks(f, [&, pad = std::array<char, 64>{}](int) { order.push_back(3 + pad[0]); });
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre(1, 2, 3, 4));
}

TEST_F(future_test, a_callable_that_throws_when_copied_is_not_added) {
  struct thrower {
    thrower() = default;
    thrower(const thrower&) { throw std::runtime_error("copy"); }
    thrower(thrower&&) noexcept {}
    void operator()(int) const { ADD_FAILURE() << "called"; }
  };
  struct large_thrower : thrower {
    std::array<char, 100> pad{};
  };
  const future<int> f = create_future<int>();
  const thrower small;
  const large_thrower large;
  EXPECT_THROW(add_callbacks(f, small), std::runtime_error);
  EXPECT_THROW(add_callbacks(f, large), std::runtime_error);
  int got = 0;
  add_callbacks(f, [&](int value) { got = value; });
  resolve(f, 2);
  manual.run_ready();
  EXPECT_EQ(got, 2);
}

TEST_F(future_test, a_callback_that_runs_the_loop_nested_loses_nothing) {
  const future<int> f = create_future<int>(1);
  std::vector<int> order;
  add_callbacks(f, [&](int) {
    order.push_back(1);
    call_soon([&] { order.push_back(2); });
    add_callbacks(f, [&](int) { order.push_back(0); });
    manual.run_ready();
    order.push_back(3);
  });
  for (int i = 4; i < 10; ++i) add_callbacks(f, [&, i](int) { order.push_back(i); });
  manual.run_ready();
  EXPECT_THAT(order, ::testing::UnorderedElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
}

TEST_F(future_test, the_ready_made_kinds) {
  EXPECT_EQ(create_future_success(7).value(), 7);
  EXPECT_TRUE(is_called(create_future_success<void>()));
  EXPECT_EQ(create_future<std::string>("text").value(), "text");
  EXPECT_EQ(create_future_error<int>(std::runtime_error("e")).get_failure()->message(), "e");
  EXPECT_EQ(create_future<int>(create_failure(std::runtime_error("f"))).get_failure()->message(), "f");
  EXPECT_EQ(create_future<int>(std::make_exception_ptr(std::runtime_error("g"))).get_failure()->message(), "g");
  EXPECT_THROW(static_cast<void>(create_future_error<int>()), usage_error);
  try {
    throw std::runtime_error("h");
  } catch (...) {
    EXPECT_EQ(create_future_error<int>().get_failure()->message(), "h");
  }
}

TEST_F(future_test, is_future_knows_futures_from_everything_else) {
  static_assert(is_future_v<future<int>> && !is_future_v<int>);
  EXPECT_TRUE(is_future(create_future<void>()));
  EXPECT_FALSE(is_future(5));
  EXPECT_FALSE(is_future(std::string()));
}

}  // namespace
}  // namespace interloop
