// SPDX-License-Identifier: MIT
#include <interloop/async_generator.hpp>
#include <interloop/channel.hpp>
#include <interloop/interloop.hpp>

#include "support/loop_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace interloop {
namespace {

using namespace std::chrono_literals;
using test::counted;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class async_generator_test : public test::loop_test {
 protected:
  static constexpr int at_end = -1;
  static constexpr int failed = -2;

  static async_generator<int> count(api, int end, counted = {}) {
    for (int i = 0; i < end; ++i) co_yield i;
  }
  static async_generator<int> count_slowly(api io, counted = {}) {
    for (int i = 0;; ++i) {
      co_await io.sleep(1s);
      co_yield i;
    }
  }
  /// Notes what it gets, until the end.
  static future<void> read_all(api, async_generator<int>& from, std::vector<int>& got) {
    while (auto each = co_await from.next()) got.push_back(*each);
    got.push_back(at_end);
  }
  static future<void> read_one(api, async_generator<int>& from, std::vector<int>& got) {
    try {
      const auto each = co_await from.next();
      got.push_back(each.value_or(at_end));
    } catch (...) {
      got.push_back(failed);
      throw;
    }
  }

  std::vector<int> got;
};

TEST_F(async_generator_test, values_that_need_no_waiting_come_without_suspending) {
  auto numbers = count(io, 3);
  const auto f = read_all(io, numbers, got);
  EXPECT_THAT(got, ElementsAre(0, 1, 2, at_end));
  const auto g = read_one(io, numbers, got);
  EXPECT_EQ(got.back(), at_end) << "the end stays the end";
}

TEST_F(async_generator_test, the_body_starts_with_the_first_next) {
  bool started = false;
  auto numbers = [](api, bool& flag) -> async_generator<int> {
    flag = true;
    co_yield 1;
  }(io, started);
  EXPECT_FALSE(started);
  const auto f = read_one(io, numbers, got);
  EXPECT_TRUE(started);
}

TEST_F(async_generator_test, a_body_may_wait_between_values) {
  auto numbers = count_slowly(io);
  const auto f = read_all(io, numbers, got);
  EXPECT_THAT(got, IsEmpty());
  manual.advance(3s);
  EXPECT_THAT(got, ElementsAre(0, 1, 2));
  cancel(f);
}

TEST_F(async_generator_test, a_hundred_thousand_values_need_no_stack) {
  auto numbers = count(io, 100'000);
  const auto f = read_all(io, numbers, got);
  EXPECT_EQ(got.size(), 100'001U);
}

TEST_F(async_generator_test, values_may_be_move_only) {
  auto values = [](api) -> async_generator<std::unique_ptr<int>> {
    auto mine = std::make_unique<int>(1);
    co_yield std::move(mine);
    EXPECT_FALSE(mine);
    co_yield std::make_unique<int>(2);
  }(io);
  const auto f = [](api, async_generator<std::unique_ptr<int>>& from, std::vector<int>& into) -> future<void> {
    while (auto each = co_await from.next()) into.push_back(**each);
  }(io, values, got);
  EXPECT_THAT(got, ElementsAre(1, 2));
}

TEST_F(async_generator_test, an_exception_comes_after_the_last_value_and_then_the_end) {
  auto numbers = [](api on) -> async_generator<int> {
    co_yield 1;
    co_await on.sleep(1s);
    throw std::runtime_error("broken");
  }(io);
  const auto a = read_one(io, numbers, got);
  const auto b = read_one(io, numbers, got);
  manual.advance(1s);
  const auto c = read_one(io, numbers, got);
  EXPECT_THAT(got, ElementsAre(1, failed, at_end));
  EXPECT_EQ(b.get_failure()->message(), "broken");
  bool awaited = false;
  for (const auto& each : b.get_failure()->trace()) awaited = awaited || each.what == trace_entry::kind::awaited;
  EXPECT_TRUE(awaited) << "its history says who waited";
}

TEST_F(async_generator_test, destroying_one_that_is_paused_runs_its_cleanup_at_once) {
  auto numbers = count(io, 3);
  const auto f = read_one(io, numbers, got);
  EXPECT_EQ(counted::alive(), 1);
  numbers = {};
  EXPECT_EQ(counted::alive(), 0);
}

TEST_F(async_generator_test, destroying_one_that_has_not_started_runs_nothing) {
  static_cast<void>(count(io, 3));
  EXPECT_EQ(counted::alive(), 0);
}

TEST_F(async_generator_test, destroying_one_that_waits_cancels_what_it_awaits) {
  bool cancelled = false;
  std::vector<std::string> seen;
  auto numbers = [](api on, bool& flag, std::vector<std::string>& texts, counted = {}) -> async_generator<int> {
    try {
      const auto never = on.create_future<void>([&flag] { flag = true; });
      co_await never;
    } catch (const cancelled_error& thrown) {
      texts.emplace_back(thrown.what());
    }
    co_yield 1;
    texts.emplace_back("not reached");
  }(io, cancelled, seen);
  const auto f = read_one(io, numbers, got);
  numbers = {};
  EXPECT_TRUE(cancelled);
  manual.run_ready();
  EXPECT_THAT(seen, ElementsAre("the async generator was destroyed"));
  EXPECT_EQ(counted::alive(), 0);
  EXPECT_TRUE(f.get_failure()->is<broken_promise>());
}

TEST_F(async_generator_test, destroying_one_that_waits_for_a_coroutine_cancels_that) {
  const auto forever = io.create_future<void>();
  auto numbers = [](api on, future<void> never, counted = {}) -> async_generator<int> {
    co_await [](api, future<void> that) -> future<void> { co_await that; }(on, never);
    co_yield 1;
  }(io, forever);
  const auto f = read_one(io, numbers, got);
  numbers = {};
  manual.run_ready();
  EXPECT_TRUE(is_called(forever));
  EXPECT_EQ(counted::alive(), 0);
  EXPECT_NE(f.get_failure(), nullptr);
}

TEST_F(async_generator_test, what_the_body_of_a_destroyed_one_throws_is_reported) {
  auto numbers = [](api on) -> async_generator<int> {
    try {
      const auto never = on.create_future<void>();
      co_await never;
    } catch (const cancelled_error&) {
      throw std::runtime_error("while cleaning up");
    }
    co_yield 1;
  }(io);
  const auto f = read_one(io, numbers, got);
  numbers = {};
  manual.run_ready();
  EXPECT_THAT(taken_reports(), ElementsAre(HasSubstr("while cleaning up")));
  EXPECT_NE(f.get_failure(), nullptr);
}

TEST_F(async_generator_test, a_body_may_destroy_its_generator) {
  std::optional<async_generator<int>> numbers;
  numbers.emplace([](api, std::optional<async_generator<int>>& mine, counted = {}) -> async_generator<int> {
    mine.reset();
    co_yield 1;
    ADD_FAILURE() << "goes on";
  }(io, numbers));
  const auto f = read_one(io, *numbers, got);
  EXPECT_TRUE(f.get_failure()->is<broken_promise>());
  EXPECT_EQ(counted::alive(), 0);
}

TEST_F(async_generator_test, cancelling_the_reader_cancels_what_the_body_awaits) {
  auto numbers = count_slowly(io);
  const auto f = read_one(io, numbers, got);
  cancel(f, "enough");
  manual.run_ready();
  EXPECT_EQ(f.get_failure()->message(), "enough");
  EXPECT_THAT(got, ElementsAre(failed));
  EXPECT_EQ(manual.next_alarm(), (time_point::max)()) << "the timer is gone";
  const auto g = read_one(io, numbers, got);
  EXPECT_THAT(got, ElementsAre(failed, at_end)) << "the exception has ended the body";
}

TEST_F(async_generator_test, a_body_may_ignore_a_cancellation_and_go_on) {
  auto numbers = [](api on) -> async_generator<int> {
    try {
      const auto never = on.create_future<void>();
      co_await never;
    } catch (const cancelled_error&) {
    }
    co_yield 1;
  }(io);
  const auto f = read_one(io, numbers, got);
  cancel(f);
  manual.run_ready();
  EXPECT_THAT(got, ElementsAre(1));
}

TEST_F(async_generator_test, a_value_for_a_reader_that_is_cancelled_in_the_same_turn_stays_for_the_next) {
  const auto gate = io.create_future<void>();
  auto numbers = [](api, future<void> open) -> async_generator<int> {
    co_await open;
    co_yield 1;
    co_yield 2;
  }(io, gate);
  const auto f = read_one(io, numbers, got);
  resolve(gate);
  io.call_soon([&] { cancel(f); });  // after the body has yielded, before the reader resumes
  manual.run_ready();
  const auto g = read_one(io, numbers, got);
  const auto h = read_one(io, numbers, got);
  EXPECT_THAT(got, ElementsAre(failed, 1, 2));
}

TEST_F(async_generator_test, a_second_reader_is_refused_with_an_error_that_says_what_to_do) {
  auto numbers = count_slowly(io);
  const auto a = read_one(io, numbers, got);
  const auto b = read_one(io, numbers, got);
  EXPECT_TRUE(b.get_failure()->is<usage_error>());
  EXPECT_THAT(b.get_failure()->message(), HasSubstr("await that first"));
  manual.advance(1s);
  EXPECT_THAT(got, ElementsAre(failed, 0));
}

TEST_F(async_generator_test, an_empty_one_is_refused_with_an_error_that_says_what_to_do) {
  auto numbers = count(io, 1);
  const auto moved = std::move(numbers);
  EXPECT_TRUE(moved);
  EXPECT_THROW(static_cast<void>(numbers.next()), usage_error);
}

TEST_F(async_generator_test, it_may_be_moved_while_a_reader_waits) {
  auto numbers = count_slowly(io);
  const auto a = read_one(io, numbers, got);
  auto moved = std::move(numbers);
  manual.advance(1s);
  EXPECT_THAT(got, ElementsAre(0));
  const auto b = read_one(io, moved, got);
  manual.advance(1s);
  EXPECT_THAT(got, ElementsAre(0, 1));
}

TEST_F(async_generator_test, one_may_read_from_another) {
  auto twice = [](api on, counted = {}) -> async_generator<int> {
    auto inner = count_slowly(on);
    while (auto each = co_await inner.next()) co_yield 2 * *each;
  }(io);
  const auto f = read_all(io, twice, got);
  manual.advance(2s);
  EXPECT_THAT(got, ElementsAre(0, 2));
  cancel(f);
  manual.run_ready();
  EXPECT_EQ(counted::alive(), 1) << "the outer frame's parameter; the inner one is gone";
  EXPECT_TRUE(f.get_failure()->is<cancelled_error>());
}

TEST_F(async_generator_test, a_ring_of_a_reader_and_a_body_that_await_each_other_can_be_cancelled) {
  future<void> reader;
  auto numbers = [](api, future<void>& awaited) -> async_generator<int> {
    co_await awaited;
    co_yield 1;
  }(io, reader);
  const auto gate = io.create_future<void>();
  reader = [](api, future<void> open, async_generator<int>& from) -> future<void> {
    co_await open;
    static_cast<void>(co_await from.next());
  }(io, gate, numbers);
  resolve(gate);
  manual.run_ready();
  cancel(reader);
  manual.run_ready();
  EXPECT_TRUE(reader.get_failure()->is<cancelled_error>());
}

TEST_F(async_generator_test, closing_the_loop_destroys_a_body_that_waits_and_its_reader) {
  std::optional<async_generator<int>> numbers(count_slowly(io));
  const auto f = read_one(io, *numbers, got);
  const auto g = [](api on, counted = {}) -> future<void> {
    auto mine = count_slowly(on);
    while (auto each = co_await mine.next()) {
    }
  }(io);
  manual->close();
  EXPECT_EQ(counted::alive(), 0);
  EXPECT_TRUE(f.get_failure()->is<loop_closed>());
  EXPECT_TRUE(g.get_failure()->is<loop_closed>());
  EXPECT_FALSE(*numbers) << "the body is gone";
  EXPECT_THROW(static_cast<void>(numbers->next()), usage_error);
}

TEST_F(async_generator_test, one_that_is_paused_outlives_its_loop) {
  auto numbers = count(io, 3);
  const auto f = read_one(io, numbers, got);
  manual->close();
  EXPECT_EQ(counted::alive(), 1);
  numbers = {};
  EXPECT_EQ(counted::alive(), 0);
}

TEST_F(async_generator_test, closing_the_loop_of_what_the_body_awaits_fails_the_reader) {
  testing::manual_loop other;
  const auto theirs = api(*other).create_future<void>();
  auto numbers = [](api, future<void> of_other, counted = {}) -> async_generator<int> {
    co_await of_other;
    co_yield 1;
  }(io, theirs);
  const auto f = read_one(io, numbers, got);
  other->close();
  EXPECT_EQ(counted::alive(), 0);
  manual.run_ready();
  EXPECT_TRUE(f.get_failure()->is<loop_closed>());
}

TEST_F(async_generator_test, a_reader_of_another_loop_goes_on_in_its_own) {
  testing::manual_loop other;
  auto numbers = count_slowly(io);
  const auto f = read_one(api(*other), numbers, got);
  manual.advance(1s);
  EXPECT_THAT(got, IsEmpty());
  other.run_ready();
  EXPECT_THAT(got, ElementsAre(0));
}

TEST_F(async_generator_test, callbacks_get_futures) {
  auto numbers = count_slowly(io);
  const future<std::optional<int>> f = numbers.next();
  add_callbacks(f, [&](std::optional<int> each) { got.push_back(each.value_or(at_end)); });
  manual.advance(1s);
  EXPECT_THAT(got, ElementsAre(0));
}

TEST_F(async_generator_test, on_a_closed_loop_none_can_be_made) {
  manual->close();
  EXPECT_THROW(static_cast<void>(count(io, 1)), loop_closed);
}

// As coroutine_test has it.
TEST_F(async_generator_test, a_condition_that_awaits_a_temporary_works_or_is_refused) {
  const auto made = [](api mine) -> future<bool> {
    co_await mine.sleep(1s);
    co_return true;
  };
  const auto body = [&](api mine, test::counted) -> async_generator<int> {
    if (co_await made(mine)) co_yield 1;
  };
  try {
    async_generator<int> perhaps = body(io, test::counted());
    const auto read = [&]() -> future<int> {
      const auto value = co_await perhaps.next();
      co_return value.value_or(0);
    };
    const future<int> f = read();
    manual.advance(1s);
    EXPECT_EQ(f.value(), 1);
  } catch (const usage_error& why) {
    EXPECT_THAT(std::string(why.what()), ::testing::HasSubstr("give the result a name"));
  }
  EXPECT_EQ(test::counted::alive(), 0);
}

}  // namespace
}  // namespace interloop
