// SPDX-License-Identifier: MIT
// When a coroutine runs, what it sees, and what keeps it alive. Cancellation and loops are tested in other files.
#include <interloop/interloop.hpp>

#include "support/loop_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace interloop {
namespace {

using namespace std::chrono_literals;
using test::at_destruction;
using test::counted;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class coroutine_test : public test::loop_test {
 protected:
  future<int> plus_one(future<int> from) {
    order.push_back("started");
    const int value = co_await from;
    order.push_back("resumed");
    co_return value + 1;
  }
  std::vector<std::string> order;
};

TEST_F(coroutine_test, starts_at_once_and_resumes_in_a_turn) {
  const future<int> f = create_future<int>();
  const future<int> g = plus_one(f);
  EXPECT_THAT(order, ElementsAre("started"));
  resolve(f, 1);
  EXPECT_THAT(order, ElementsAre("started"));
  EXPECT_FALSE(is_called(g));
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre("started", "resumed"));
  EXPECT_EQ(g.value(), 2);
}

TEST_F(coroutine_test, awaiting_a_completed_future_does_not_suspend) {
  const future<int> g = plus_one(create_future<int>(4));
  EXPECT_EQ(g.value(), 5);
}

TEST_F(coroutine_test, callbacks_of_its_future_never_run_inside_it) {
  std::vector<int> got;
  const future<int> g = plus_one(create_future<int>(4));
  add_callbacks(g, [&](int value) { got.push_back(value); });
  EXPECT_TRUE(got.empty());
  manual.run_ready();
  EXPECT_THAT(got, ElementsAre(5));
}

TEST_F(coroutine_test, an_exception_of_an_awaited_future_can_be_caught_in_the_coroutine) {
  const future<int> f = create_future<int>();
  const future<std::string> g = [](future<int> from) -> future<std::string> {
    try {
      co_await from;
    } catch (const std::runtime_error& e) {
      co_return e.what();
    }
    co_return "nothing";
  }(f);
  reject(f, std::runtime_error("caught"));
  manual.run_ready();
  EXPECT_EQ(g.value(), "caught");
}

TEST_F(coroutine_test, an_exception_that_escapes_the_coroutine_fails_its_future) {
  const auto throws = [](bool waits) -> future<void> {
    if (waits) co_await interloop::sleep(std::chrono::hours(1));
    throw std::out_of_range("escaped");
  };
  const future<void> f = throws(false);
  ASSERT_TRUE(is_called(f));
  EXPECT_TRUE(f.get_failure()->is<std::out_of_range>());
}

TEST_F(coroutine_test, a_failure_that_nobody_awaits_is_reported) {
  static_cast<void>([]() -> future<void> {
    throw std::runtime_error("lost");
    co_return;
  }());
  EXPECT_THAT(taken_reports(), ElementsAre("a future failed and nobody looked at it: std::runtime_error: lost"));
}

TEST_F(coroutine_test, only_the_coroutine_completes_its_future) {
  const future<int> f = create_future<int>();
  const future<int> g = plus_one(f);
  EXPECT_THROW(resolve(g, 1), invalid_state);
  EXPECT_THROW(reject(g, std::runtime_error("x")), invalid_state);
  resolve(f, 1);
  manual.run_ready();
  EXPECT_EQ(g.value(), 2);
}

TEST_F(coroutine_test, dropping_its_handle_does_not_stop_it) {
  const future<int> f = create_future<int>();
  static_cast<void>(plus_one(f));
  resolve(f, 1);
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre("started", "resumed"));
}

TEST_F(coroutine_test, awaits_in_loops_and_branches) {
  std::vector<future<int>> inputs;
  for (int i = 0; i < 10; ++i) inputs.push_back(create_future<int>());
  const future<int> sum = [](std::vector<future<int>> all) -> future<int> {
    int total = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i % 2 == 0) {
        total += co_await all[i];
      } else {
        total -= i > 5 ? co_await all[i] : co_await std::move(all[i]);
      }
    }
    co_return total;
  }(inputs);
  for (std::size_t i = 10; i-- > 0;) {
    resolve(inputs[i], static_cast<int>(i));
    manual.run_ready();
  }
  EXPECT_EQ(sum.value(), 0 - 1 + 2 - 3 + 4 - 5 + 6 - 7 + 8 - 9);
}

TEST_F(coroutine_test, ten_thousand_ready_awaits_in_a_row_need_no_stack) {
  const future<int> f = []() -> future<int> {
    int total = 0;
    for (int i = 0; i < 10'000; ++i) total += co_await create_future<int>(1);
    co_return total;
  }();
  EXPECT_EQ(f.value(), 10'000);
}

TEST_F(coroutine_test, coroutines_await_coroutines) {
  const auto leaf = [](duration delay, int value) -> future<int> {
    co_await interloop::sleep(delay);
    co_return value;
  };
  const auto middle = [&]() -> future<int> {
    const int first = co_await leaf(2s, 1);
    co_return first + co_await leaf(3s, 10);
  };
  const auto root = [&]() -> future<int> { co_return co_await middle() + 100; };
  const future<int> f = root();
  manual.advance(4s);
  EXPECT_FALSE(is_called(f));
  manual.advance(1s);
  EXPECT_EQ(f.value(), 111);
}

TEST_F(coroutine_test, many_await_one_and_resume_in_the_order_they_came) {
  const future<int> f = create_future<int>();
  std::vector<int> resumed;
  const auto waits = [&](int name) -> future<void> {
    co_await f;
    resumed.push_back(name);
  };
  for (int i = 0; i < 10; ++i) static_cast<void>(waits(i));
  resolve(f, 1);
  manual.run_ready();
  EXPECT_THAT(resumed, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
}

TEST_F(coroutine_test, awaiting_a_named_future_gives_a_reference_to_its_value) {
  const future<std::string> f = create_future<std::string>("shared");
  const future<bool> same = [](const future<std::string>& from) -> future<bool> {
    const std::string& value = co_await from;
    co_return &value == &from.value();
  }(f);
  EXPECT_TRUE(same.value());
}

TEST_F(coroutine_test, awaiting_a_temporary_moves_the_value_out) {
  counted::reset_copies();
  const auto make = [](future<void> gate) -> future<counted> {
    co_await gate;
    co_return counted(6);
  };
  const future<void> gate = create_future<void>();
  const auto run_f = [&]() -> future<int> {
    const counted value = co_await make(gate);
    co_return value.value;
  };
  const future<int> f = run_f();
  const auto run_ready = [&]() -> future<int> {
    const counted value = co_await create_future_success(counted(7));
    co_return value.value;
  };
  const future<int> ready = run_ready();
  resolve(gate);
  manual.run_ready();
  EXPECT_EQ(f.value(), 6);
  EXPECT_EQ(ready.value(), 7);
  EXPECT_EQ(counted::copies(), 0);
}

TEST_F(coroutine_test, results_may_be_move_only) {
  const auto make = []() -> future<std::unique_ptr<int>> {
    co_await interloop::sleep(1s);
    co_return std::make_unique<int>(3);
  };
  const auto run_f = [&]() -> future<int> {
    const std::unique_ptr<int> got = co_await make();
    co_return *got;
  };
  const future<int> f = run_f();
  manual.advance(1s);
  EXPECT_EQ(f.value(), 3);
}

TEST_F(coroutine_test, results_need_no_default_constructor) {
  struct strict {
    explicit strict(int v) : value(v) {}
    int value;
  };
  const future<strict> f = []() -> future<strict> { co_return strict(2); }();
  EXPECT_EQ(f.value().value, 2);
}

TEST_F(coroutine_test, its_locals_and_parameters_are_gone_before_its_callbacks_run) {
  const future<void> gate = create_future<void>();
  const future<int> f = [](future<void> wait, counted parameter) -> future<int> {
    const counted local(1);
    co_await wait;
    co_return local.value + parameter.value;
  }(gate, counted(2));
  EXPECT_EQ(counted::alive(), 2);
  int alive = -1;
  add_callbacks(f, [&](int) { alive = counted::alive(); });
  resolve(gate);
  manual.run_ready();
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(f.value(), 3);
}

TEST_F(coroutine_test, closing_the_loop_destroys_a_suspended_coroutine_once_and_fails_its_future) {
  const future<void> gate = create_future<void>();
  int destroyed = 0;
  const auto waits = [&](counted parameter) -> future<void> {
    const at_destruction guard([&] { ++destroyed; });
    co_await gate;
    ADD_FAILURE() << parameter.value;
  };
  const future<void> f = waits(counted());
  const future<void> outer = [](future<void> inner) -> future<void> { co_await inner; }(f);
  manual->close();
  EXPECT_EQ(destroyed, 1);
  EXPECT_EQ(counted::alive(), 0);
  EXPECT_TRUE(f.get_failure()->is<loop_closed>());
  EXPECT_TRUE(outer.get_failure()->is<loop_closed>());
}

TEST_F(coroutine_test, closing_the_loop_destroys_a_coroutine_that_was_about_to_resume) {
  const future<void> gate = create_future<void>();
  const future<void> f = [](future<void> wait, counted) -> future<void> {
    co_await wait;
    ADD_FAILURE();
  }(gate, counted());
  resolve(gate);
  manual->close();
  EXPECT_EQ(counted::alive(), 0);
  EXPECT_TRUE(f.get_failure()->is<loop_closed>());
}

TEST_F(coroutine_test, a_coroutine_may_close_its_own_loop_and_run_to_its_end) {
  bool ended = false;
  const auto run_f = [&]() -> future<int> {
    co_await interloop::sleep(1s);
    manual->close();
    ended = true;
    co_return 5;
  };
  const future<int> f = run_f();
  manual.advance(1s);
  EXPECT_TRUE(ended);
  EXPECT_TRUE(f.get_failure()->is<loop_closed>());
}

TEST_F(coroutine_test, a_coroutine_that_continues_after_its_loop_closed_gets_loop_closed_when_it_awaits) {
  const future<int> other = create_future<int>();
  std::string seen;
  const auto run = [&]() -> future<void> {
    co_await interloop::sleep(1s);
    manual->close();
    try {
      co_await other;
    } catch (const loop_closed&) {
      seen = "loop_closed";
    }
  };
  static_cast<void>(run());
  manual.advance(1s);
  EXPECT_EQ(seen, "loop_closed");
}

TEST_F(coroutine_test, a_local_whose_destructor_closes_the_loop_after_the_result_was_given) {
  const auto run_f = [&]() -> future<std::string> {
    const at_destruction guard([&] { manual->close(); });
    co_return "a result that is long enough to be allocated somewhere else";
  };
  const future<std::string> f = run_f();
  EXPECT_TRUE(f.get_failure()->is<loop_closed>());
}

TEST_F(coroutine_test, a_local_whose_destructor_throws_after_the_result_was_given_fails_the_future) {
  struct thrower {
    ~thrower() noexcept(false) { throw std::runtime_error("destructor"); }
  };
  const future<counted> f = []() -> future<counted> {
    const thrower guard;
    co_return counted(1);
  }();
  ASSERT_TRUE(is_called(f));
  ASSERT_NE(f.get_failure(), nullptr);
  EXPECT_EQ(f.get_failure()->message(), "destructor");
  EXPECT_EQ(counted::alive(), 0);
}

TEST_F(coroutine_test, awaiting_an_empty_future_throws_inside_the_coroutine) {
  const future<void> f = [](future<int> empty) -> future<void> { co_await empty; }(future<int>());
  EXPECT_TRUE(f.get_failure()->is<usage_error>());
}

TEST_F(coroutine_test, a_parameter_that_throws_when_copied_leaves_nothing_behind) {
  struct thrower {
    thrower() = default;
    thrower(const thrower&) { throw std::runtime_error("copy"); }
  };
  const auto never = [](counted, const thrower by_value) -> future<void> {
    static_cast<void>(by_value);
    co_return;
  };
  const thrower source;
  EXPECT_THROW(static_cast<void>(never(counted(), source)), std::runtime_error);
}

TEST_F(coroutine_test, coroutine_lambdas_may_use_captures_as_long_as_the_lambda_lives) {
  int got = 0;
  const auto captures = [&got, held = counted(4)]() -> future<void> {
    co_await interloop::sleep(1s);
    got = held.value;
  };
  const future<void> f = captures();
  manual.advance(1s);
  EXPECT_EQ(got, 4);
}

// g++ 12 lays out its frame wrongly; where the promise is, it notices.
TEST_F(coroutine_test, a_condition_that_awaits_a_temporary_works_or_is_refused) {
  const auto made = [](api mine) -> future<bool> {
    co_await mine.sleep(1s);
    co_return true;
  };
  const auto in_a_condition = [&](api mine, counted) -> future<int> {
    if (co_await made(mine)) co_return 1;
    co_return 2;
  };
  const auto named = [&](api mine, counted) -> future<int> {
    if (const bool so = co_await made(mine)) co_return so ? 1 : 3;
    co_return 2;
  };
  const future<int> always = named(io, counted());
  try {
    const future<int> perhaps = in_a_condition(io, counted());
    manual.advance(1s);
    EXPECT_EQ(perhaps.value(), 1);
  } catch (const usage_error& why) {
    EXPECT_THAT(why.what(), HasSubstr("give the result a name"));
  }
  manual.advance(1s);
  EXPECT_EQ(always.value(), 1);
}

}  // namespace
}  // namespace interloop
