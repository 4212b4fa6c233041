// SPDX-License-Identifier: MIT
#include <interloop/condition.hpp>
#include <interloop/interloop.hpp>

#include "support/loop_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace interloop {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class condition_test : public test::loop_test {
 protected:
  /// Waits once, and notes its name if it was notified, or minus its name if it was not, with the mutex locked.
  static future<void> note(api, condition& of, mutex& m, int name, std::vector<int>& order, test::counted = {}) {
    mutex::scoped_lock lock = co_await m.lock();
    try {
      co_await of.wait(lock);
      order.push_back(name);
    } catch (...) {
      order.push_back(-name);
    }
    EXPECT_TRUE(lock);
    EXPECT_TRUE(m.locked());
  }
  future<void> start(int name) { return note(io, *changed, m, name, order); }

  std::vector<int> order;
  mutex m{*manual};
  std::optional<condition> changed{std::in_place, *manual};
};

TEST_F(condition_test, a_coroutine_waits_without_the_lock_and_has_it_again_afterwards) {
  const auto a = start(1);
  EXPECT_FALSE(m.locked());
  EXPECT_EQ(changed->waiting(), 1U);
  changed->notify_one();
  EXPECT_TRUE(m.locked()) << "it goes to the one who was notified";
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre(1));
  EXPECT_FALSE(m.locked());
}

TEST_F(condition_test, one_who_is_notified_gets_in_line_for_the_mutex) {
  const auto a = start(1);
  mutex::scoped_lock lock = m.try_lock();
  const auto b = start(2);
  changed->notify_one();
  manual.run_ready();
  EXPECT_THAT(order, IsEmpty());
  EXPECT_EQ(m.waiting(), 2U);
  lock.release();
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre(1));
  EXPECT_EQ(changed->waiting(), 1U);
}

TEST_F(condition_test, notify_one_wakes_the_first_and_notify_all_everyone) {
  std::vector<future<void>> all;
  for (int i = 1; i <= 4; ++i) all.push_back(start(i));
  changed->notify_one();
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre(1));
  changed->notify_all();
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre(1, 2, 3, 4));
  changed->notify_one();
  changed->notify_all();
}

TEST_F(condition_test, a_cancelled_waiter_has_the_lock_when_it_gets_the_exception) {
  const auto a = start(1);
  mutex::scoped_lock lock = m.try_lock();
  cancel(a);
  EXPECT_EQ(changed->waiting(), 0U);
  manual.run_ready();
  EXPECT_THAT(order, IsEmpty());
  lock.release();
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre(-1));
}

TEST_F(condition_test, a_notification_of_a_waiter_that_is_cancelled_goes_to_the_next) {
  const auto a = start(1);
  const auto b = start(2);
  changed->notify_one();
  cancel(a);
  cancel(a);
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre(-1, 2));
}

TEST_F(condition_test, a_notification_of_all_is_not_passed_on) {
  const auto a = start(1);
  changed->notify_all();
  const auto b = start(2);
  cancel(a);
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre(-1));
  EXPECT_EQ(changed->waiting(), 1U);
}

TEST_F(condition_test, destroying_it_tells_those_who_wait_and_they_have_the_lock) {
  const auto a = start(1);
  const auto b = start(2);
  changed.reset();
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre(-1, -2));
}

TEST_F(condition_test, one_who_was_notified_may_be_cancelled_when_it_is_gone) {
  const auto a = start(1);
  changed->notify_one();
  changed.reset();
  cancel(a);
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre(-1));
}

TEST_F(condition_test, if_the_mutex_is_gone_the_wait_ends_without_the_lock) {
  auto own = std::make_unique<mutex>(*manual);
  std::string message;
  const auto f = [](api, mutex& of, condition& wanted, std::string& text) -> future<void> {
    mutex::scoped_lock lock = co_await of.lock();
    try {
      co_await wanted.wait(lock);
    } catch (const broken_promise& thrown) {
      text = thrown.what();
    }
    EXPECT_FALSE(lock);
  }(io, *own, *changed, message);
  mutex::scoped_lock lock = own->try_lock();
  changed->notify_one();
  own.reset();
  manual.run_ready();
  EXPECT_THAT(message, HasSubstr("was destroyed"));
}

TEST_F(condition_test, closing_the_loop_ends_those_who_wait_in_either_line) {
  const auto a = start(1);
  const auto b = start(2);
  const mutex::scoped_lock lock = m.try_lock();
  changed->notify_one();
  manual->close();
  EXPECT_EQ(test::counted::alive(), 0);
  EXPECT_TRUE(a.get_failure()->is<loop_closed>());
  EXPECT_TRUE(b.get_failure()->is<loop_closed>());
  EXPECT_THAT(order, IsEmpty());
}

TEST_F(condition_test, an_empty_lock_is_refused_with_an_error_that_says_what_to_do) {
  mutex::scoped_lock none;
  try {
    static_cast<void>(changed->wait(none));
    FAIL();
  } catch (const usage_error& thrown) {
    EXPECT_THAT(thrown.what(), HasSubstr("lock the mutex first"));
  }
}

TEST_F(condition_test, a_lock_of_another_loop_is_refused) {
  testing::manual_loop other;
  mutex theirs(*other);
  mutex::scoped_lock lock = theirs.try_lock();
  EXPECT_THROW(static_cast<void>(changed->wait(lock)), usage_error);
  EXPECT_TRUE(lock);
}

TEST_F(condition_test, callbacks_wait_with_a_future) {
  mutex::scoped_lock lock = m.try_lock();
  int called = 0;
  const future<void> f = changed->wait(lock);
  add_callbacks(f, [&] { called += lock ? 1 : 100; });
  EXPECT_FALSE(m.locked());
  changed->notify_one();
  manual.run_ready();
  EXPECT_EQ(called, 1);
}

}  // namespace
}  // namespace interloop
