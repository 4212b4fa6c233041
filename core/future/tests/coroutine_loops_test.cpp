// SPDX-License-Identifier: MIT
// The loop that a coroutine belongs to, and futures of other loops in it.
#include <interloop/interloop.hpp>

#include "support/loop_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace interloop {
namespace {

using test::counted;

class coroutine_loops_test : public test::loop_test {
 protected:
  coroutine_loops_test() { test::keep_reports(*other, reports); }
  testing::manual_loop other;  // not the selected loop
  api other_io{*other};
};

struct client {
  loop& mine;
  operator loop&() const { return mine; }
  future<void> work(int) { co_return; }
};

TEST_F(coroutine_loops_test, without_a_loop_among_its_parameters_it_belongs_to_the_selected_one) {
  const future<void> f = [](int) -> future<void> { co_return; }(1);
  EXPECT_EQ(&f.loop(), &*manual);
}

TEST_F(coroutine_loops_test, a_parameter_that_is_a_loop_chooses_it) {
  EXPECT_EQ(&[](int, loop&) -> future<void> { co_return; }(1, *other).loop(), &*other);
  EXPECT_EQ(&[](api) -> future<void> { co_return; }(other_io).loop(), &*other);
  EXPECT_EQ(&[](const api&, loop&) -> future<void> { co_return; }(other_io, *manual).loop(), &*other);
  EXPECT_EQ(&[](testing::manual_loop&) -> future<void> { co_return; }(other).loop(), &*other);
}

TEST_F(coroutine_loops_test, an_object_that_converts_to_its_loop_chooses_it_for_its_members) {
  client c{*other};
  EXPECT_EQ(&c.work(1).loop(), &*other);
}

TEST_F(coroutine_loops_test, inside_a_turn_it_belongs_to_the_loop_of_that_turn) {
  future<void> f;
  other->call_soon([&] { f = []() -> future<void> { co_return; }(); });
  other.run_ready();
  EXPECT_EQ(&f.loop(), &*other);
}

TEST_F(coroutine_loops_test, after_awaiting_a_future_of_another_loop_it_resumes_in_its_own) {
  const future<int> foreign = other_io.create_future<int>();
  bool resumed = false;
  const future<int> f = [](api, future<int> from, bool& flag) -> future<int> {
    const int value = co_await from;
    flag = true;
    co_return value;
  }(io, foreign, resumed);
  resolve(foreign, 5);
  manual.run_ready();
  EXPECT_FALSE(resumed);
  other.run_ready();
  EXPECT_FALSE(resumed) << "not in the other loop's turn";
  manual.run_ready();
  EXPECT_TRUE(resumed);
  EXPECT_EQ(f.value(), 5);
}

TEST_F(coroutine_loops_test, closing_the_loop_of_the_awaited_future_fails_the_coroutine_in_its_own_loop) {
  const future<int> foreign = other_io.create_future<int>();
  const future<int> f = [](api, future<int> from, counted) -> future<int> { co_return co_await from; }(io, foreign, {});
  const future<int> outer = [](future<int> from) -> future<int> { co_return co_await from; }(f);
  std::string message;
  add_callbacks(f, nullptr, [&](const failure& fail) { message = fail.type_name(); });
  other->close();
  EXPECT_EQ(counted::alive(), 0);
  manual.run_ready();
  EXPECT_EQ(message, "interloop::loop_closed");
  ASSERT_TRUE(is_called(outer));
  EXPECT_TRUE(outer.get_failure()->is<loop_closed>());
}

TEST_F(coroutine_loops_test, a_coroutine_whose_own_loop_was_closed_is_destroyed_when_the_awaited_future_completes) {
  const future<int> foreign = other_io.create_future<int>();
  const future<int> f = [](api, future<int> from, counted) -> future<int> { co_return co_await from; }(io, foreign, {});
  manual->close();
  EXPECT_TRUE(f.get_failure()->is<loop_closed>());
  resolve(foreign, 1);
  other.run_ready();
  EXPECT_EQ(counted::alive(), 0);
  static_cast<void>(taken_reports());
}

TEST_F(coroutine_loops_test, without_any_loop_the_call_is_an_error) {
  const auto nothing = testing::loop_replacement(*manual);
  config().loop = nullptr;
  EXPECT_THROW(static_cast<void>([]() -> future<void> { co_return; }()), usage_error);
}

TEST_F(coroutine_loops_test, a_closed_loop_is_an_error_at_the_call) {
  other->close();
  EXPECT_THROW(static_cast<void>([](api) -> future<void> { co_return; }(other_io)), loop_closed);
}

}  // namespace
}  // namespace interloop
