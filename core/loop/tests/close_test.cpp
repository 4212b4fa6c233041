// SPDX-License-Identifier: MIT
// The promises of closing a loop: nothing runs afterwards, everything queued is destroyed once, and functions throw.
#include <interloop/interloop.hpp>

#include <interloop/loop_port.hpp>

#include "support/bare_port.hpp"
#include "support/loop_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace interloop {
namespace {

using namespace std::chrono_literals;
using test::at_destruction;
using test::counted;
using close_test = test::loop_test;

TEST_F(close_test, everything_queued_is_destroyed_without_being_called) {
  call_soon([held = counted()] { ADD_FAILURE(); });
  post([held = counted()] { ADD_FAILURE(); });
  manual->remote().post([held = counted()] { ADD_FAILURE(); });
  call_later(1s, [held = counted()] { ADD_FAILURE(); });
  const future<int> f = create_future<int>(1);
  add_callbacks(f, [held = counted()](int) { ADD_FAILURE(); });
  const future<int> g = create_future<int>([held = counted()] { ADD_FAILURE(); });
  add_callbacks(g, nullptr, [held = counted()](const failure&) { ADD_FAILURE(); });
  EXPECT_EQ(counted::alive(), 7);
  manual->close();
  EXPECT_EQ(counted::alive(), 0);
  manual.advance(1h);
  EXPECT_TRUE(g.get_failure()->is<loop_closed>());
}

TEST_F(close_test, with_notify_the_errbacks_of_pending_futures_have_a_last_word) {
  std::vector<std::string> told;
  const auto tell = [&told](const char* who) {
    return [&told, who, held = counted()](const failure& why) {
      told.push_back(who + (": " + why.type_name()));
      EXPECT_THROW(call_soon([] {}), loop_closed);
    };
  };
  const future<int> waiting = create_future<int>();
  add_callbacks(waiting, [held = counted()](int) { ADD_FAILURE(); }, tell("first"));
  add_callbacks(waiting, nullptr, tell("second"));
  const future<void> coroutine = [](future<int> on) -> future<void> { co_await on; }(waiting);
  add_callbacks(coroutine, nullptr, tell("coroutine"));
  const future<int> succeeded = create_future<int>(1);
  add_callbacks(succeeded, [held = counted()](int) { ADD_FAILURE(); }, tell("succeeded"));
  const future<int> failed = create_future_error<int>(std::runtime_error("by itself"));
  add_callbacks(failed, nullptr, tell("failed"));
  close(notify);
  EXPECT_THAT(told, ::testing::UnorderedElementsAre("first: interloop::loop_closed", "second: interloop::loop_closed",
                                                    "coroutine: interloop::loop_closed", "failed: std::runtime_error"));
  EXPECT_EQ(counted::alive(), 0);
  EXPECT_TRUE(is_called(close(notify))) << "again";
  EXPECT_EQ(told.size(), 4u);
}

TEST_F(close_test, what_a_last_word_throws_is_reported_and_the_others_are_told) {
  int told = 0;
  std::vector<future<void>> all;
  for (int i = 0; i < 3; ++i) {
    all.push_back(create_future<void>());
    add_callbacks(all.back(), nullptr, [&told](const failure&) {
      ++told;
      throw std::logic_error("from an errback");
    });
  }
  manual->close(notify);
  EXPECT_EQ(told, 3);
  EXPECT_EQ(taken_reports().size(), 3u);
}

TEST_F(close_test, a_callback_that_closes_with_notify_leaves_the_last_word_to_errbacks_after_it) {
  const future<int> f = create_future_error<int>(std::runtime_error("by itself"));
  int told = 0;
  add_callbacks(f, nullptr, [](const failure&) { interloop::close(notify); });
  add_callbacks(f, nullptr, [&told](const failure&) { ++told; });
  manual.run_ready();
  EXPECT_EQ(told, 1);
}

TEST_F(close_test, is_idempotent_and_reports_when_the_native_loop_has_released_everything) {
  int released = 0;
  manual->close([&] { ++released; });
  manual->close([&] { released += 100; });
  EXPECT_EQ(released, 1);
  EXPECT_TRUE(manual->closed());
}

TEST_F(close_test, the_future_of_close_is_completed_when_the_native_loop_has_let_go) {
  EXPECT_TRUE(is_called(close()));
  EXPECT_TRUE(manual->closed());
}

TEST_F(close_test, closing_again_is_allowed_and_reports_that_the_native_loop_has_released_everything) {
  manual->close();
  EXPECT_TRUE(is_called(close())) << "after loop::close";
  EXPECT_TRUE(is_called(io.close())) << "and after itself";
}

TEST_F(close_test, closing_inside_closing_reports_with_the_rest) {
  std::optional<future<void>> inner;
  call_soon([on_the_way = at_destruction([&] { inner = close(); })] { ADD_FAILURE(); });
  const future<void> outer = close();
  ASSERT_TRUE(inner);
  EXPECT_TRUE(is_called(outer));
  EXPECT_TRUE(is_called(*inner));
}

TEST_F(close_test, functions_that_need_the_loop_throw_from_then_on) {
  const future<int> f = create_future<int>();
  auto batched = make_batched_timer(1s);
  const loop_remote remote = manual->remote();
  manual->close();
  EXPECT_THROW(call_soon([] {}), loop_closed);
  EXPECT_THROW(call_soon([](int) {}, 1), loop_closed);
  EXPECT_THROW(post([] {}), loop_closed);
  EXPECT_THROW(remote.post([held = counted()] {}), loop_closed);
  EXPECT_THROW(call_later(1s, [] {}), loop_closed);
  EXPECT_THROW(call_at(manual->now(), [] {}), loop_closed);
  EXPECT_THROW(static_cast<void>(create_future<int>()), loop_closed);
  EXPECT_THROW(static_cast<void>(create_future<int>(1)), loop_closed);
  EXPECT_THROW(static_cast<void>(interloop::sleep(1s)), loop_closed);
  EXPECT_THROW(static_cast<void>(gather(std::vector{f})), loop_closed);
  EXPECT_THROW(add_callbacks(f, [](int) {}), loop_closed);
  EXPECT_THROW(static_cast<void>(make_batched_timer(1s)), loop_closed);
  EXPECT_THROW(static_cast<void>(batched.call_later(1s, [] {})), loop_closed);
  EXPECT_THROW(static_cast<void>(manual->watch(0, interest::read, [](interest) {})), loop_closed);
  EXPECT_THROW(static_cast<void>(manual->hold()), loop_closed);
  EXPECT_THROW(manual->run(), loop_closed);
  EXPECT_THROW(resolve(f, 1), invalid_state);
  manual->stop();
}

TEST_F(close_test, inside_a_callback_nothing_else_runs) {
  std::vector<int> order;
  call_soon([&, held = counted(1)] {
    call_soon([&] { order.push_back(2); });
    manual->close();
    order.push_back(held.value);
    EXPECT_THROW(call_soon([] {}), loop_closed);
  });
  call_soon([&] { order.push_back(3); });
  call_later(0s, [&] { order.push_back(4); });
  manual.run_ready();
  EXPECT_EQ(order, std::vector{1});
}

TEST_F(close_test, inside_a_timer_no_other_timer_fires) {
  std::vector<int> order;
  for (int i = 0; i < 5; ++i)
    call_later(1s, [&, i, held = counted(i)] {
      order.push_back(held.value);
      if (i == 2) manual->close();
      EXPECT_FALSE(held.moved_from);
    });
  manual.advance(2s);
  EXPECT_EQ(order, (std::vector{0, 1, 2}));
}

TEST_F(close_test, inside_a_futures_callback_its_other_callbacks_are_destroyed_without_being_called) {
  std::vector<int> order;
  const future<int> f = create_future<int>(7);
  for (int i = 0; i < 6; ++i)
    add_callbacks(f, [&, i, held = counted(i)](int value) {
      order.push_back(held.value);
      if (i == 1) manual->close();
      EXPECT_EQ(value, 7);
    });
  manual.run_ready();
  EXPECT_EQ(order, (std::vector{0, 1}));
  EXPECT_EQ(counted::alive(), 0);
}

TEST_F(close_test, inside_the_exception_handler) {
  manual->set_exception_handler([this](std::string_view, const failure&) { manual->close(); });
  call_soon([] { throw 1; });
  call_soon([held = counted()] { ADD_FAILURE(); });
  manual.run_ready();
  EXPECT_TRUE(manual->closed());
}

TEST_F(close_test, inside_the_report_of_a_failure_that_nobody_looked_at) {
  manual->set_exception_handler([this](std::string_view, const failure&) { manual->close(); });
  static_cast<void>(create_future_error<int>(std::runtime_error("x")));
  EXPECT_TRUE(manual->closed());
}

TEST_F(close_test, inside_a_nested_run_ends_the_outer_one_too) {
  std::vector<int> order;
  call_soon([&] {
    manual.run_ready();
    order.push_back(1);
  });
  call_soon([&] { manual->close(); });
  call_soon([&] { order.push_back(2); });
  manual.run_ready();
  EXPECT_EQ(order, std::vector{1});
}

TEST_F(close_test, destructors_of_destroyed_callables_may_call_back_into_the_loop) {
  const future<int> pending = create_future<int>();
  timer t = call_later(5s, [held = counted()] { ADD_FAILURE(); });
  int destroyed = 0;
  const auto meddle = [&] {
    ++destroyed;
    EXPECT_THROW(call_soon([] {}), loop_closed);
    EXPECT_THROW(call_later(1s, [] {}), loop_closed);
    EXPECT_THROW(static_cast<void>(create_future<int>()), loop_closed);
    if (!is_called(pending)) resolve(pending, 1);
    cancel(pending);
    t.cancel();
    manual->close();
  };
  call_soon([guard = at_destruction(meddle)] {});
  post([guard = at_destruction(meddle)] {});
  call_later(1s, [guard = at_destruction(meddle)] {});
  call_later(1h, [guard = at_destruction(meddle)] {});
  const future<int> f = create_future<int>(1);
  add_callbacks(f, [guard = at_destruction(meddle)](int) {});
  const future<int> g = create_future<int>([guard = at_destruction(meddle)] {});
  add_callbacks(g, [guard = at_destruction(meddle), pad = std::array<char, 99>{}](int) { static_cast<void>(pad); });
  manual->close();
  EXPECT_EQ(destroyed, 7);
}

TEST_F(close_test, a_guard_that_rejects_its_future_in_its_destructor_finds_it_already_failed) {
  const future<int> f = create_future<int>();
  call_soon([guard = at_destruction([f] {
               if (!is_called(f)) reject(f, std::runtime_error("abandoned"));
             })] {});
  manual->close();
  EXPECT_TRUE(f.get_failure()->is<loop_closed>());
}

TEST_F(close_test, futures_completed_by_destructors_while_it_closes_leave_nothing_behind) {
  const future<int> first = create_future<int>();
  add_callbacks(first, [held = counted()](int) { ADD_FAILURE(); });
  const future<int> second = create_future<int>();
  add_callbacks(second, [guard = at_destruction([first] {
                           if (!is_called(first)) resolve(first, 1);
                         })](int) {});
  manual->close();
  EXPECT_TRUE(is_called(first));
  EXPECT_EQ(counted::alive(), 0);
}

TEST_F(close_test, a_callback_may_destroy_the_owner_of_its_loop) {
  auto owner = std::make_unique<testing::manual_loop>();
  testing::manual_loop& other = *owner;
  other->call_soon([&, held = counted(2)] {
    other->close();
    EXPECT_EQ(held.value, 2);
  });
  other->call_soon([held = counted()] { ADD_FAILURE(); });
  other.run_ready();
  owner.reset();
  EXPECT_EQ(counted::alive(), 0);
}

TEST_F(close_test, handles_may_outlive_the_loop) {
  timer t;
  fd_watch watch;
  loop_hold hold;
  std::optional<loop_remote> remote;
  std::optional<batched_timer> batched;
  batched_call call;
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  {
    testing::manual_loop other;
    t = other->call_later(1s, [held = counted()] {});
    watch = other->watch(pipe[0], interest::read, [held = counted()](interest) {});
    hold = other->hold();
    remote = other->remote();
    batched.emplace(*other, 1s, 10);
    call = batched->call_later(1s, [held = counted()] {});
  }
  EXPECT_EQ(counted::alive(), 0);
  EXPECT_FALSE(t.active());
  EXPECT_FALSE(t.cancel());
  EXPECT_FALSE(watch.active());
  watch.set_interest(interest::write);
  watch.stop();
  hold.release();
  EXPECT_FALSE(call.cancel());
  EXPECT_THROW(remote->post([] {}), loop_closed);
  EXPECT_THROW(static_cast<void>(batched->call_later(1s, [] {})), loop_closed);
  ::close(pipe[0]);
  ::close(pipe[1]);
}

// Like libuv's: releases its handles only when it is told to.
class slow_port final : public test::bare_port {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "slow"; }
  void wake() noexcept override { woken = true; }
  void run() override {
    while (std::exchange(woken, false)) turn();
  }
  void close(function<void()> done) noexcept override { released() = std::move(done); }

  static function<void()>& released() {
    static function<void()> kept;
    return kept;
  }
  bool woken = false;
};

TEST_F(close_test, a_coroutine_that_awaits_a_future_of_a_closed_loop_is_destroyed) {
  const auto waits = [](api mine, loop& closes, counted, bool& resumed) -> future<void> {
    co_await api(closes).close();
    resumed = true;
    static_cast<void>(mine);
  };
  loop_owner slow(std::make_unique<slow_port>());
  bool resumed = false;
  const future<void> of_another_loop = waits(io, *slow, {}, resumed);
  slow_port::released()();
  slow_port::released() = nullptr;
  manual.run_ready();
  EXPECT_EQ(counted::alive(), 0);
  EXPECT_FALSE(resumed);
  ASSERT_TRUE(is_called(of_another_loop));
  EXPECT_TRUE(of_another_loop.get_failure()->is<loop_closed>());

  loop_owner own(std::make_unique<slow_port>());
  const future<void> of_its_own = waits(api(*own), *own, {}, resumed);
  EXPECT_TRUE(of_its_own.get_failure()->is<loop_closed>());
  slow_port::released()();
  slow_port::released() = nullptr;
  EXPECT_EQ(counted::alive(), 0);
}

TEST_F(close_test, a_loop_that_closes_during_run_ends_it) {
  call_later(1s, [this] { manual->close(); });
  const loop_hold hold = manual->hold();
  manual->run();
  EXPECT_TRUE(manual->closed());
}

TEST_F(close_test, run_ends_when_idle_and_when_stopped_and_remembers_a_stop_before_it) {
  int calls = 0;
  call_later(1s, [&] { ++calls; });
  manual->stop();
  manual->run();
  EXPECT_EQ(calls, 0);
  manual->run();
  EXPECT_EQ(calls, 1);
  const loop_hold hold = manual->hold();
  call_later(1s, [&] { manual->stop(); });
  call_later(2s, [&] { ++calls; });
  manual->run();
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace interloop
