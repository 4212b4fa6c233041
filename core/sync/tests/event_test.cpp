// SPDX-License-Identifier: MIT
#include <interloop/event.hpp>
#include <interloop/interloop.hpp>

#include "support/loop_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace interloop {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class event_test : public test::loop_test {
 protected:
  static future<void> note(api, event& of, int name, std::vector<int>& order, test::counted = {}) {
    co_await of.wait();
    order.push_back(name);
  }
  future<void> start(event& of, int name) { return note(io, of, name, order); }

  std::vector<int> order;
};

TEST_F(event_test, setting_it_releases_everyone_in_the_order_they_came) {
  event e(io);
  const auto a = start(e, 1);
  const auto b = start(e, 2);
  EXPECT_EQ(e.waiting(), 2U);
  e.set();
  EXPECT_THAT(order, IsEmpty()) << "in a later turn";
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre(1, 2));
}

TEST_F(event_test, waiting_for_one_that_is_set_does_not_suspend) {
  event e(io);
  e.set();
  e.set();
  EXPECT_TRUE(e.is_set());
  const auto a = start(e, 1);
  EXPECT_THAT(order, ElementsAre(1));
}

TEST_F(event_test, those_who_waited_are_released_even_if_it_is_reset_before_their_turn) {
  event e(io);
  const auto a = start(e, 1);
  e.set();
  e.reset();
  const auto b = start(e, 2);
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre(1));
  e.set();
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre(1, 2));
}

TEST_F(event_test, a_cancelled_waiter_is_out_of_line) {
  event e(io);
  const auto a = start(e, 1);
  const auto b = start(e, 2);
  cancel(a);
  EXPECT_EQ(e.waiting(), 1U);
  e.set();
  cancel(b);
  manual.run_ready();
  EXPECT_THAT(order, IsEmpty());
  EXPECT_TRUE(a.get_failure()->is<cancelled_error>());
  EXPECT_TRUE(b.get_failure()->is<cancelled_error>()) << "between being released and resuming";
}

TEST_F(event_test, destroying_it_tells_those_who_wait) {
  auto e = std::make_unique<event>(*manual);
  const auto a = start(*e, 1);
  e.reset();
  manual.run_ready();
  EXPECT_TRUE(a.get_failure()->is<broken_promise>());
}

TEST_F(event_test, those_who_were_released_do_not_need_it_any_more) {
  auto e = std::make_unique<event>(*manual);
  const auto a = start(*e, 1);
  e->set();
  e.reset();
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre(1));
}

TEST_F(event_test, closing_the_loop_ends_those_who_wait) {
  event e(io);
  const auto a = start(e, 1);
  const auto b = start(e, 2);
  manual->close();
  EXPECT_EQ(test::counted::alive(), 0);
  EXPECT_TRUE(a.get_failure()->is<loop_closed>());
  EXPECT_EQ(e.waiting(), 0U);
}

TEST_F(event_test, it_may_be_destroyed_by_a_coroutine_that_ends_as_the_loop_closes) {
  const auto owner = [](api, future<void> never) -> future<void> {
    event mine(current_loop());
    const auto waits = [](event& of) -> future<void> { co_await of.wait(); }(mine);
    co_await never;
  };
  const auto f = owner(io, io.create_future<void>());
  manual->close();
  EXPECT_TRUE(f.get_failure()->is<loop_closed>());
}

TEST_F(event_test, a_callback_gets_a_future) {
  event e(io);
  int called = 0;
  const future<void> f = e.wait();
  add_callbacks(f, [&] { ++called; });
  e.set();
  manual.run_ready();
  EXPECT_EQ(called, 1);
}

}  // namespace
}  // namespace interloop
