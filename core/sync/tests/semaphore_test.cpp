// SPDX-License-Identifier: MIT
// Semaphores and mutexes: who gets units, in which order, and what becomes of them if the waiter does not want them.
#include <interloop/interloop.hpp>
#include <interloop/mutex.hpp>
#include <interloop/semaphore.hpp>

#include "support/loop_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace interloop {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class semaphore_test : public test::loop_test {
 protected:
  /// Takes units, notes its name, and keeps them until `until` is completed.
  static future<void> hold(api, semaphore& from, std::size_t units, int name, future<void> until,
                           std::vector<int>& order, test::counted = {}) {
    const permit held = co_await from.acquire(units);
    order.push_back(name);
    co_await until;
  }
  future<void> start(semaphore& from, std::size_t units, int name) { return hold(io, from, units, name, never, order); }

  future<void> never = io.create_future<void>();
  std::vector<int> order;
};

TEST_F(semaphore_test, units_that_are_free_are_taken_without_suspending) {
  semaphore two(io, 2);
  const auto a = start(two, 1, 1);
  const auto b = start(two, 1, 2);
  EXPECT_THAT(order, ElementsAre(1, 2)) << "before any turn";
  EXPECT_EQ(two.available(), 0U);
  EXPECT_EQ(two.waiting(), 0U);
}

TEST_F(semaphore_test, returned_units_go_to_the_first_in_line_in_a_later_turn) {
  semaphore one(io, 1);
  permit held = one.try_acquire();
  const auto a = start(one, 1, 1);
  const auto b = start(one, 1, 2);
  EXPECT_EQ(one.waiting(), 2U);
  held.release();
  EXPECT_THAT(order, IsEmpty());
  EXPECT_EQ(one.available(), 0U) << "nobody can overtake";
  EXPECT_FALSE(one.try_acquire());
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre(1));
}

TEST_F(semaphore_test, while_somebody_waits_nobody_else_gets_units_even_if_there_are_enough) {
  semaphore two(io, 2);
  permit held = two.try_acquire();
  const auto wants_two = start(two, 2, 1);
  const auto wants_one = start(two, 1, 2);
  EXPECT_FALSE(two.try_acquire());
  manual.run_ready();
  EXPECT_THAT(order, IsEmpty());
  held.release();
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre(1));
}

TEST_F(semaphore_test, cancelling_the_first_in_line_lets_those_behind_it_go_on) {
  semaphore two(io, 2);
  permit held = two.try_acquire();
  const auto wants_two = start(two, 2, 1);
  const auto wants_one = start(two, 1, 2);
  cancel(wants_two);
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre(2));
  EXPECT_TRUE(wants_two.get_failure()->is<cancelled_error>());
}

TEST_F(semaphore_test, units_given_to_a_waiter_that_is_cancelled_in_the_same_turn_go_to_the_next) {
  semaphore one(io, 1);
  permit held = one.try_acquire();
  const auto first = start(one, 1, 1);
  const auto second = start(one, 1, 2);
  const auto third = start(one, 1, 3);
  held.release();
  cancel(first);
  cancel(second);
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre(3));
  EXPECT_TRUE(first.get_failure()->is<cancelled_error>());
  EXPECT_TRUE(second.get_failure()->is<cancelled_error>());
}

TEST_F(semaphore_test, units_given_to_a_waiter_that_is_cancelled_are_free_again_if_nobody_waits) {
  semaphore one(io, 1);
  permit held = one.try_acquire();
  const auto only = start(one, 1, 1);
  held.release();
  cancel(only);
  EXPECT_EQ(one.available(), 1U);
  manual.run_ready();
  EXPECT_EQ(one.available(), 1U) << "returned once";
  EXPECT_TRUE(only.get_failure()->is<cancelled_error>());
}

TEST_F(semaphore_test, a_cancelled_waiter_may_be_cancelled_again) {
  semaphore one(io, 1);
  const permit held = one.try_acquire();
  const auto waits = start(one, 1, 1);
  cancel(waits, "first");
  cancel(waits, "second");
  manual.run_ready();
  EXPECT_EQ(waits.get_failure()->message(), "second");
}

TEST_F(semaphore_test, a_coroutine_that_was_cancelled_before_does_not_take_units) {
  semaphore one(io, 1);
  const auto f = [](api on, semaphore& from) -> future<void> {
    try {
      const auto pending = on.create_future<void>();
      co_await pending;
    } catch (const cancelled_error&) {
    }
    const permit held = co_await from.acquire();
  };
  const auto gate = io.create_future<void>();
  const auto g = [](api, future<void> open, semaphore& from) -> future<void> {
    co_await open;
    co_await open;
    const permit held = co_await from.acquire();
  }(io, gate, one);
  resolve(gate);
  cancel(g);  // after it was completed, before it resumes
  manual.run_ready();
  EXPECT_TRUE(g.get_failure()->is<cancelled_error>());
  EXPECT_EQ(one.available(), 1U);
  const auto h = f(io, one);
  cancel(h);
  manual.run_ready();
  EXPECT_TRUE(is_called(h));
  EXPECT_EQ(h.get_failure(), nullptr) << "a cancellation is thrown once";
}

TEST_F(semaphore_test, a_permit_returns_its_units_once) {
  semaphore two(io, 2);
  permit first = two.try_acquire(2);
  permit second = std::move(first);
  EXPECT_FALSE(first);
  first.release();
  EXPECT_EQ(two.available(), 0U);
  second = permit();
  EXPECT_EQ(two.available(), 2U);
  second.release();
  EXPECT_EQ(two.available(), 2U);
}

TEST_F(semaphore_test, assigning_a_permit_returns_the_units_that_were_held) {
  semaphore two(io, 2);
  permit held = two.try_acquire();
  held = two.try_acquire();
  EXPECT_EQ(two.available(), 1U);
  permit& same = held;
  held = std::move(same);
  EXPECT_TRUE(held);
  EXPECT_EQ(two.available(), 1U);
}

TEST_F(semaphore_test, a_detached_permit_keeps_its_units_until_release) {
  semaphore one(io, 1);
  one.try_acquire().detach();
  const auto waits = start(one, 1, 1);
  EXPECT_EQ(one.available(), 0U);
  one.release();
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre(1));
}

TEST_F(semaphore_test, a_permit_of_no_units_is_refused) {
  semaphore one(io, 1);
  EXPECT_THROW(static_cast<void>(one.acquire(0)), usage_error);
  EXPECT_THROW(static_cast<void>(one.try_acquire(0)), usage_error);
}

TEST_F(semaphore_test, a_permit_may_be_detached_or_returned_when_the_semaphore_is_gone) {
  auto two = std::make_unique<semaphore>(*manual, 2);
  permit first = two->try_acquire();
  permit second = two->try_acquire();
  two.reset();
  first.detach();
  EXPECT_TRUE(second);
  second.release();
}

TEST_F(semaphore_test, release_adds_units) {
  semaphore none(io, 0);
  const auto waits = start(none, 3, 1);
  none.release(2);
  manual.run_ready();
  EXPECT_THAT(order, IsEmpty());
  none.release();
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre(1));
}

TEST_F(semaphore_test, a_callback_gets_a_future_of_the_permit) {
  semaphore one(io, 1);
  permit held = one.try_acquire();
  permit got;
  const future<permit> f = one.acquire();
  add_callbacks(f, [&](permit given) { got = std::move(given); });
  manual.run_ready();
  EXPECT_FALSE(got);
  held.release();
  manual.run_ready();
  EXPECT_TRUE(got);
  EXPECT_EQ(one.available(), 0U);
}

TEST_F(semaphore_test, a_future_of_a_permit_is_completed_at_once_if_units_are_free) {
  semaphore one(io, 1);
  const auto f = one.acquire().as_future();
  EXPECT_TRUE(is_called(f));
}

TEST_F(semaphore_test, a_future_that_is_cancelled_gives_up_its_place) {
  semaphore one(io, 1);
  permit held = one.try_acquire();
  const auto f = one.acquire().as_future();
  cancel(f);
  EXPECT_EQ(one.waiting(), 0U);
  held.release();
  EXPECT_EQ(one.available(), 1U);
  manual.run_ready();
  EXPECT_TRUE(f.get_failure()->is<cancelled_error>());
}

TEST_F(semaphore_test, a_permit_in_a_future_that_nobody_wants_is_returned) {
  semaphore one(io, 1);
  permit held = one.try_acquire();
  static_cast<void>(one.acquire().as_future());
  held.release();
  manual.run_ready();
  EXPECT_EQ(one.available(), 1U);
}

TEST_F(semaphore_test, destroying_it_tells_those_who_wait_with_an_error_that_says_what_to_do) {
  auto one = std::make_unique<semaphore>(*manual, 1);
  const permit held = one->try_acquire();
  const auto waits = start(*one, 1, 1);
  one.reset();
  EXPECT_FALSE(is_called(waits));
  manual.run_ready();
  EXPECT_TRUE(waits.get_failure()->is<broken_promise>());
  EXPECT_THAT(waits.get_failure()->message(), HasSubstr("keep it until nobody waits"));
}

TEST_F(semaphore_test, units_that_were_given_before_it_was_destroyed_are_a_valid_permit) {
  auto one = std::make_unique<semaphore>(*manual, 1);
  permit held = one->try_acquire();
  const auto waits = start(*one, 1, 1);
  held.release();
  one.reset();
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre(1));
  resolve(never);
  manual.run_ready();
  EXPECT_TRUE(is_called(waits));
}

TEST_F(semaphore_test, closing_the_loop_ends_those_who_wait_and_those_who_were_given_units) {
  semaphore one(io, 1);
  permit held = one.try_acquire();
  std::vector<future<void>> all;
  for (int i = 0; i < 4; ++i) all.push_back(start(one, 1, i));
  held.release();
  manual->close();
  EXPECT_EQ(test::counted::alive(), 0) << "the frames are destroyed";
  for (const auto& each : all) EXPECT_TRUE(each.get_failure()->is<loop_closed>());
  EXPECT_THAT(order, IsEmpty());
  EXPECT_EQ(one.available(), 1U) << "it outlives the loop";
}

TEST_F(semaphore_test, closing_a_loop_in_which_a_hundred_thousand_wait_does_not_recur) {
  semaphore one(io, 1);
  const auto holder = start(one, 1, 0);
  for (int i = 0; i < 100'000; ++i) static_cast<void>(start(one, 1, 1));
  manual->close();
  EXPECT_EQ(test::counted::alive(), 0);
}

TEST_F(semaphore_test, on_a_closed_loop_units_can_be_taken_but_not_awaited) {
  semaphore one(io, 1);
  manual->close();
  const permit held = one.try_acquire();
  EXPECT_TRUE(held);
  EXPECT_THROW(static_cast<void>(one.acquire().as_future()), loop_closed);
}

TEST_F(semaphore_test, a_coroutine_that_waits_inside_close_gets_loop_closed) {
  semaphore none(io, 0);
  std::string message;
  const auto f = [](api, semaphore& from, std::string& text, loop& core) -> future<void> {
    core.close();
    try {
      const permit held = co_await from.acquire();
    } catch (const loop_closed& thrown) {
      text = thrown.what();
    }
  }(io, none, message, *manual);
  EXPECT_THAT(message, HasSubstr("the loop is closed"));
}

TEST_F(semaphore_test, a_coroutine_of_another_loop_resumes_in_its_own) {
  testing::manual_loop other;
  semaphore one(io, 1);
  permit held = one.try_acquire();
  const auto f = hold(api(*other), one, 1, 1, never, order);
  held.release();
  manual.run_ready();
  EXPECT_THAT(order, IsEmpty());
  other.run_ready();
  EXPECT_THAT(order, ElementsAre(1));
}

TEST_F(semaphore_test, units_on_the_way_to_another_loop_that_is_closed_are_returned) {
  std::optional<testing::manual_loop> other(std::in_place);
  semaphore one(io, 1);
  permit held = one.try_acquire();
  const auto f = hold(api(**other), one, 1, 1, never, order);
  held.release();
  other.reset();
  EXPECT_TRUE(f.get_failure()->is<loop_closed>());
  manual.run_ready();
  EXPECT_EQ(one.available(), 1U);
  EXPECT_THAT(order, IsEmpty());
}

TEST_F(semaphore_test, a_hundred_thousand_in_line_are_served_without_recursion) {
  semaphore one(io, 1);
  permit held = one.try_acquire();
  int served = 0;
  for (int i = 0; i < 100'000; ++i) {
    static_cast<void>([](api, semaphore& from, int& count) -> future<void> {
      const permit mine = co_await from.acquire();
      ++count;
    }(io, one, served));
  }
  held.release();
  while (served < 100'000) manual.step();
  EXPECT_EQ(one.available(), 1U);
}

class mutex_test : public test::loop_test {};

TEST_F(mutex_test, what_coroutines_do_with_the_lock_does_not_mix) {
  mutex m(io);
  std::string written;
  const auto write = [](api on, mutex& of, std::string& to, char what) -> future<void> {
    const mutex::scoped_lock lock = co_await of.lock();
    for (int i = 0; i < 3; ++i) {
      to += what;
      co_await on.sleep(std::chrono::milliseconds(1));
    }
  };
  const auto a = write(io, m, written, 'a');
  const auto b = write(io, m, written, 'b');
  const auto c = write(io, m, written, 'c');
  EXPECT_TRUE(m.locked());
  EXPECT_EQ(m.waiting(), 2U);
  manual.advance(std::chrono::seconds(1));
  EXPECT_EQ(written, "aaabbbccc");
  EXPECT_FALSE(m.locked());
}

TEST_F(mutex_test, an_exception_unlocks_it) {
  mutex m(io);
  const auto f = [](api, mutex& of) -> future<void> {
    const auto lock = co_await of.lock();
    throw std::runtime_error("broken");
  }(io, m);
  EXPECT_FALSE(m.locked());
  EXPECT_NE(f.get_failure(), nullptr);
}

TEST_F(mutex_test, try_lock_gives_an_empty_lock_if_it_is_locked) {
  mutex m(io);
  mutex::scoped_lock lock = m.try_lock();
  EXPECT_TRUE(lock);
  EXPECT_FALSE(m.try_lock());
  lock.release();
  EXPECT_TRUE(m.try_lock());
  EXPECT_FALSE(m.locked()) << "the temporary has unlocked it";
}

TEST_F(mutex_test, the_lock_may_outlive_it) {
  std::optional<mutex> m(std::in_place, *manual);
  mutex::scoped_lock lock = m->try_lock();
  m.reset();
  EXPECT_TRUE(lock);
  lock.release();
}

}  // namespace
}  // namespace interloop
