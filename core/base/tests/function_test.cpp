// SPDX-License-Identifier: MIT
#include <interloop/function.hpp>

#include "support/counted.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace interloop {
namespace {

using test::counted;

TEST(function_test, an_empty_one_says_so) {
  const function<void()> none{};
  const function<void()> null(nullptr);
  EXPECT_FALSE(none);
  EXPECT_FALSE(null);
  EXPECT_TRUE(function<void()>([] {}));
}

TEST(function_test, a_null_function_pointer_makes_an_empty_one) {
  void (*nothing)() = nullptr;
  EXPECT_FALSE(function<void()>(nothing));
  EXPECT_TRUE(function<int()>(+[] { return 1; }));
}

TEST(function_test, calls_small_and_large_callables_with_arguments_and_results) {
  function<int(int)> small = [base = 1](int x) { return base + x; };
  function<int(int)> large = [base = std::array<int, 50>{2}](int x) { return base[0] + x; };
  EXPECT_EQ(small(2), 3);
  EXPECT_EQ(large(2), 4);
}

TEST(function_test, keeps_state_between_calls) {
  function<int()> count = [n = 0]() mutable { return ++n; };
  count();
  EXPECT_EQ(count(), 2);
}

TEST(function_test, holds_and_passes_move_only_objects) {
  function<int(std::unique_ptr<int>)> add = [mine = std::make_unique<int>(1)](std::unique_ptr<int> other) {
    return *mine + *other;
  };
  function<int(std::unique_ptr<int>)> moved = std::move(add);
  EXPECT_FALSE(add);  // NOLINT(bugprone-use-after-move): the promise is that it is empty
  EXPECT_EQ(moved(std::make_unique<int>(2)), 3);
}

TEST(function_test, passes_references_through) {
  int changed = 0;
  function<int&(int&)> same = [](int& x) -> int& { return x; };
  same(changed) = 5;
  EXPECT_EQ(changed, 5);
}

TEST(function_test, a_result_may_be_dropped_or_converted) {
  function<void()> drops = [] { return 5; };
  drops();
  function<std::string()> converts = [] { return "text"; };
  EXPECT_EQ(converts(), "text");
}

TEST(function_test, destroys_what_it_holds_once) {
  {
    function<void()> small = [held = counted()] {};
    function<void()> large = [held = counted(), pad = std::array<char, 100>{}] { static_cast<void>(pad); };
    EXPECT_EQ(counted::alive(), 2);
    function<void()> moved = std::move(small);
    EXPECT_EQ(counted::alive(), 2);
    moved = std::move(large);
    EXPECT_EQ(counted::alive(), 1);
    moved = nullptr;
    EXPECT_EQ(counted::alive(), 0);
    EXPECT_FALSE(moved);
  }
  EXPECT_EQ(counted::alive(), 0);
}

TEST(function_test, assigning_itself_changes_nothing) {
  function<int()> mine = [held = counted(3)] { return held.value; };
  auto& same = mine;
  mine = std::move(same);
  EXPECT_EQ(mine(), 3);
}

TEST(function_test, a_callable_that_moves_with_exceptions_or_is_over_aligned_lives_in_its_own_box) {
  struct thrower {
    counted held;
    thrower() = default;
    thrower(const thrower&) { throw std::runtime_error("copy"); }
    thrower(thrower&& other) noexcept(false) : held(std::move(other.held)) {}
    int operator()() const { return 1; }
  };
  {
    function<int()> one{thrower()};
    function<int()> two = std::move(one);
    EXPECT_EQ(two(), 1);
    const thrower source;
    EXPECT_THROW(function<int()>{source}, std::runtime_error);
  }
  EXPECT_EQ(counted::alive(), 0);
  struct alignas(64) aligned {
    bool operator()() const { return reinterpret_cast<std::uintptr_t>(this) % 64 == 0; }
  };
  function<bool()> strict{aligned()};
  EXPECT_TRUE(strict());
}

TEST(function_test, an_exception_of_the_callable_passes_through) {
  function<void()> bad = [] { throw std::runtime_error("out"); };
  EXPECT_THROW(bad(), std::runtime_error);
  EXPECT_TRUE(bad);
}

}  // namespace
}  // namespace interloop
