// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

#include "support/loop_test.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace interloop {
namespace {

using as_future_test = test::loop_test;

TEST_F(as_future_test, a_value_becomes_a_resolved_future) {
  const auto f = as_future([] { return 5; });
  static_assert(std::is_same_v<decltype(f), const future<int>>);
  EXPECT_EQ(f.value(), 5);
}

TEST_F(as_future_test, nothing_becomes_a_resolved_void_future) {
  int calls = 0;
  const future<void> f = as_future([&] { ++calls; });
  EXPECT_TRUE(is_called(f));
  EXPECT_EQ(calls, 1);
}

TEST_F(as_future_test, an_exception_becomes_a_failed_future) {
  const auto value = as_future([]() -> int { throw std::out_of_range("thrown"); });
  const auto nothing = as_future([] { throw std::out_of_range("thrown"); });
  const auto future_of = as_future([]() -> future<int> { throw std::out_of_range("thrown"); });
  EXPECT_EQ(value.get_failure()->message(), "thrown");
  EXPECT_EQ(nothing.get_failure()->message(), "thrown");
  EXPECT_EQ(future_of.get_failure()->message(), "thrown");
}

TEST_F(as_future_test, a_future_is_returned_as_it_is) {
  const future<int> inner = create_future<int>();
  EXPECT_EQ(as_future([&] { return inner; }), inner);
}

TEST_F(as_future_test, a_coroutine_is_called_like_any_function) {
  const auto work = [](int x) -> future<int> {
    co_await interloop::sleep(std::chrono::seconds(1));
    co_return x * 2;
  };
  const future<int> f = as_future(work, 4);
  manual.advance(std::chrono::seconds(1));
  EXPECT_EQ(f.value(), 8);
}

TEST_F(as_future_test, an_empty_future_becomes_a_failed_one) {
  const auto f = as_future([] { return future<int>(); });
  EXPECT_TRUE(f.get_failure()->is<usage_error>());
}

TEST_F(as_future_test, arguments_are_passed_on) {
  int changed = 0;
  const auto f = as_future(
      [](std::unique_ptr<int> a, const std::string& b, int& c) {
        c = *a;
        return b + std::to_string(*a);
      },
      std::make_unique<int>(3), "text", changed);
  EXPECT_EQ(f.value(), "text3");
  EXPECT_EQ(changed, 3);
}

TEST_F(as_future_test, there_may_be_any_number_of_arguments) {
  const auto sum = [](const auto&... each) { return (0 + ... + each); };
  EXPECT_EQ(as_future(sum).value(), 0);
  EXPECT_EQ(as_future(sum, 1, 2, 3, 4, 5, 6, 7, 8).value(), 36);
  EXPECT_EQ(as_future(sum, 1, 2, 3, 4, 5, 6, 7, 8, 9).value(), 45);
  EXPECT_EQ(io.as_future(sum, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10).value(), 55);
  const auto line = [](std::source_location where) { return where.line(); };
  const auto here = std::source_location::current();
  EXPECT_EQ(as_future(line, here).value(), here.line()) << "a place is an argument like others";
}

TEST_F(as_future_test, results_may_be_move_only_and_references_are_copied) {
  EXPECT_EQ(*as_future([] { return std::make_unique<int>(6); }).value(), 6);
  const std::string text = "referred to";
  const auto f = as_future([&]() -> const std::string& { return text; });
  static_assert(std::is_same_v<decltype(f), const future<std::string>>);
  EXPECT_EQ(f.value(), text);
}

TEST_F(as_future_test, a_future_may_be_returned_by_reference_or_const) {
  const future<int> made = create_future_success(5);
  EXPECT_EQ(as_future([&]() -> const future<int>& { return made; }), made);
  EXPECT_EQ(as_future([&]() -> const future<int> { return made; }), made);
}

TEST_F(as_future_test, members_are_called_on_objects) {
  const std::string text = "12345";
  EXPECT_EQ(as_future(&std::string::size, text).value(), 5u);
}

TEST_F(as_future_test, a_closed_loop_is_an_error_before_the_function_is_called) {
  manual->close();
  EXPECT_THROW(static_cast<void>(as_future([] { ADD_FAILURE(); })), loop_closed);
}

}  // namespace
}  // namespace interloop
