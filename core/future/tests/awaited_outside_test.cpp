// SPDX-License-Identifier: MIT
// Futures that coroutines of other libraries await: where these go on, with what, and that they go on in every case.
#include <interloop/awaitables.hpp>
#include <interloop/bridge.hpp>
#include <interloop/interloop.hpp>

#include "support/loop_test.hpp"
#include "support/loops.hpp"
#include "support/other_coroutines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace interloop::test {
namespace {

using ::testing::ElementsAre;

class awaited_outside_test : public loop_test {};

template <class T>
lazy_task<T> takes(future<T> from) {
  co_return co_await std::move(from);
}

// Awaits by name; says what it got.
lazy_task<std::string> tells(future<int>& from, counted = {}) {
  try {
    const int& value = co_await from;
    co_return std::to_string(value);
  } catch (...) {
    co_return failure(std::current_exception()).type_name();
  }
}

TEST_F(awaited_outside_test, it_goes_on_in_a_turn_of_the_loop) {
  future<int> f = create_future<int>();
  auto task = tells(f);
  task.start();
  resolve(f, 5);
  EXPECT_FALSE(task.done()) << "not inside the call that completes the future";
  manual.run_ready();
  ASSERT_TRUE(task.done());
  EXPECT_EQ(task.result(), "5");
}

TEST_F(awaited_outside_test, a_completed_future_does_not_suspend_it) {
  future<int> f = create_future<int>(5);
  auto task = tells(f);
  task.start();
  EXPECT_EQ(task.result(), "5");
}

TEST_F(awaited_outside_test, by_name_it_gets_the_object_in_the_future) {
  const future<std::string> f = create_future<std::string>();
  const std::string* inside = nullptr;
  auto task = [](const future<std::string>& from, const std::string*& at) -> lazy_task<void> { at = &co_await from; }(
                                                                              f, inside);
  task.start();
  resolve(f, "text");
  manual.run_ready();
  EXPECT_EQ(inside, &f.value());
}

TEST_F(awaited_outside_test, a_value_that_nobody_else_needs_is_moved) {
  counted::reset_copies();
  const future<counted> f = create_future<counted>();
  {
    auto task = takes(f);
    task.start();
    resolve(f, counted(3));
    manual.run_ready();
    EXPECT_EQ(task.result().value, 3);
    EXPECT_EQ(counted::copies(), 1) << "f needs it too";
  }
  counted::reset_copies();
  promise<counted> end(*manual);
  auto task = takes(end.get_future());
  task.start();
  EXPECT_TRUE(std::exchange(end, {}).resolve(counted(4)));
  manual.run_ready();
  EXPECT_EQ(task.result().value, 4);
  EXPECT_EQ(counted::copies(), 0);

  auto pointers = takes(create_future<std::unique_ptr<int>>(std::make_unique<int>(6)));
  pointers.start();
  EXPECT_EQ(*pointers.result(), 6);
}

TEST_F(awaited_outside_test, a_failure_is_thrown_and_counts_as_looked_at) {
  future<int> f = create_future<int>();
  auto task = tells(f);
  task.start();
  reject(f, std::out_of_range("far"));
  manual.run_ready();
  EXPECT_EQ(task.result(), "std::out_of_range");
}

TEST_F(awaited_outside_test, a_cancelled_future_throws_an_error_in_it) {
  future<int> f = create_future<int>();
  auto task = tells(f);
  task.start();
  cancel(f);
  manual.run_ready();
  EXPECT_EQ(task.result(), "interloop::operation_cancelled");
}

TEST_F(awaited_outside_test, several_wait_for_one_future_in_their_order) {
  const future<void> f = create_future<void>();
  std::vector<int> order;
  const auto notes = [](const future<void>& from, std::vector<int>& into, int name) -> lazy_task<void> {
    co_await from;
    into.push_back(name);
  };
  std::vector<lazy_task<void>> tasks;
  for (int i = 0; i < 5; ++i) tasks.push_back(notes(f, order, i));
  for (auto& each : tasks) each.start();
  resolve(f);
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3, 4));
}

TEST_F(awaited_outside_test, if_nobody_can_complete_the_future_it_gets_a_broken_promise) {
  future<int> f = create_future<int>();
  auto task = [](future<int> from) -> lazy_task<std::string> {
    try {
      co_await std::move(from);
    } catch (const broken_promise&) {
      co_return "broken";
    }
    co_return "value";
  }(std::move(f));
  task.start();
  EXPECT_FALSE(task.done());
  manual.run_ready();
  EXPECT_EQ(task.result(), "broken");
}

TEST_F(awaited_outside_test, it_goes_on_inside_close_where_the_loop_cannot_be_used) {
  future<int> f = create_future<int>();
  auto task = tells(f);
  task.start();

  future<int> first = create_future<int>();
  future<int> second = create_future<int>();
  auto again = [](future<int>& a, future<int>& b, api on) -> lazy_task<std::string> {
    std::string got;
    try {
      co_await a;
    } catch (const loop_closed&) {
      got += "closed,";
    }
    try {
      co_await b;
    } catch (const loop_closed&) {
      got += "closed again,";
    }
    try {
      on.call_soon([] {});
    } catch (const loop_closed&) {
      got += "unusable";
    }
    co_return got;
  }(second, first, io);  // the one that was made first is still pending then
  again.start();
  manual->close();
  ASSERT_TRUE(task.done());
  EXPECT_EQ(task.result(), "interloop::loop_closed");
  ASSERT_TRUE(again.done());
  EXPECT_EQ(again.result(), "closed,closed again,unusable");
}

TEST_F(awaited_outside_test, an_outcome_that_was_not_reported_yet_is_what_it_gets_when_the_loop_closes) {
  future<int> f = create_future<int>();
  auto task = tells(f);
  task.start();
  resolve(f, 8);
  manual->close();
  EXPECT_EQ(task.result(), "8");
}

TEST_F(awaited_outside_test, it_may_be_destroyed_while_it_waits) {
  future<int> f = create_future<int>();
  {
    auto task = tells(f);
    task.start();
    EXPECT_EQ(counted::alive(), 1);
  }
  EXPECT_EQ(counted::alive(), 0);
  auto other = tells(f);
  other.start();
  resolve(f, 1);
  manual.run_ready();
  EXPECT_EQ(other.result(), "1");
}

TEST_F(awaited_outside_test, one_that_is_resumed_may_destroy_another_that_waits) {
  future<int> f = create_future<int>();
  std::optional<lazy_task<std::string>> second;
  auto first = [](future<int>& from, std::optional<lazy_task<std::string>>& other) -> lazy_task<void> {
    co_await from;
    other.reset();
  }(f, second);
  first.start();
  second.emplace(tells(f));
  second->start();
  resolve(f, 1);
  manual.run_ready();
  EXPECT_TRUE(first.done());
  EXPECT_EQ(counted::alive(), 0);
}

TEST_F(awaited_outside_test, an_exception_that_escapes_it_goes_to_the_exception_handler) {
  struct throwing_task {
    struct promise_type {
      throwing_task get_return_object() const noexcept { return {}; }
      std::suspend_never initial_suspend() const noexcept { return {}; }
      std::suspend_never final_suspend() const noexcept { return {}; }
      void return_void() const noexcept {}
      void unhandled_exception() const { throw; }
    };
  };
  const future<void> f = create_future<void>();
  std::coroutine_handle<> left;
  struct note_handle {
    std::coroutine_handle<>* at;
    explicit note_handle(std::coroutine_handle<>& kept) : at(&kept) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> self) const noexcept {
      *at = self;
      return false;
    }
    void await_resume() const noexcept {}
  };
  [](const future<void>& from, std::coroutine_handle<>& at) -> throwing_task {
    co_await note_handle(at);
    co_await from;
    throw std::runtime_error("escaped");
  }(f, left);
  resolve(f);
  manual.run_ready();
  EXPECT_THAT(taken_reports(), ElementsAre("an exception escaped a callback: std::runtime_error: escaped"));
  left.destroy();
}

TEST_F(awaited_outside_test, an_empty_handle_is_an_error) {
  future<int> empty;
  auto task = tells(empty);
  task.start();
  EXPECT_EQ(task.result(), "interloop::usage_error");
}

class awaited_outside_on : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(every, awaited_outside_on, ::testing::ValuesIn(loop_names()),
                         [](const auto& each) { return each.param; });

TEST_P(awaited_outside_on, both_kinds_of_coroutines_await_each_other) {
  const auto native = make_loop(GetParam());
  const api on(native->core());
  const auto waits = [](api mine) -> eager_task<int> {
    co_await mine.sleep(std::chrono::milliseconds(1));
    co_return 4;
  };
  const auto f = [](api mine, auto theirs) -> future<int> { co_return co_await theirs(mine) + co_await theirs(mine); }(
                                               on, waits);
  run_until(native->core(), [&] { return is_called(f); });
  EXPECT_EQ(f.value(), 8);
}

}  // namespace
}  // namespace interloop::test
