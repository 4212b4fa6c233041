// SPDX-License-Identifier: MIT
// Code that waits for a future that can no longer be completed gets an error; other code does not.
#include <interloop/blocking.hpp>

#include "support/loop_test.hpp"
#include "support/loops.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace interloop::test {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using broken_promise_test = loop_test;

future<int> waits_for(api, future<int> theirs) { co_return co_await std::move(theirs); }
future<int> waits_for_named(api, const future<int>& theirs) { co_return co_await theirs; }

bool is_broken(const future<int>& f) {
  const failure* why = f.get_failure();
  return why && why->is<broken_promise>();
}

TEST_F(broken_promise_test, a_coroutine_gets_the_error_in_a_later_turn_after_the_last_other_handle_is_dropped) {
  auto theirs = create_future<int>();
  const auto mine = waits_for(io, theirs);
  const auto named = waits_for_named(io, theirs);
  manual.run_ready();
  theirs = {};
  EXPECT_FALSE(is_called(mine));
  manual.run_ready();
  EXPECT_TRUE(is_broken(mine));
  EXPECT_TRUE(is_broken(named));
}

TEST_F(broken_promise_test, a_coroutine_that_awaits_a_temporary_without_other_handles_gets_the_error) {
  const auto mine = [](api async) -> future<int> { co_return co_await async.create_future<int>(); }(io);
  EXPECT_FALSE(is_called(mine));
  manual.run_ready();
  EXPECT_TRUE(is_broken(mine));
}

TEST_F(broken_promise_test, its_message_and_traceback_say_where_it_was_created_and_who_awaited_it) {
  const auto line = std::source_location::current().line() + 1;
  auto theirs = create_future<int>();
  const auto mine = waits_for(io, theirs);
  theirs = {};
  manual.run_ready();
  const failure& why = *mine.get_failure();
  EXPECT_THAT(why.message(), AllOf(HasSubstr("can no longer be completed"),
                                   HasSubstr("broken_promise_test.cpp:" + std::to_string(line))));
  EXPECT_THAT(failure_format_traceback(why), AllOf(HasSubstr("awaited"), HasSubstr("waits_for")));
}

TEST_F(broken_promise_test, a_chain_of_coroutines_gets_the_error_to_its_end) {
  auto theirs = create_future<int>();
  auto mine = waits_for(io, waits_for(io, waits_for(io, theirs)));
  theirs = {};
  manual.run_ready();
  EXPECT_TRUE(is_broken(mine));
}

TEST_F(broken_promise_test, the_frame_of_a_coroutine_that_nobody_has_a_handle_of_is_freed) {
  auto theirs = create_future<int>();
  static_cast<void>([](api, future<int> awaited, counted) -> future<void> {
    try {
      co_await std::move(awaited);
    } catch (const broken_promise&) {
    }
  }(io, theirs, counted()));
  EXPECT_EQ(counted::alive(), 1);
  theirs = {};
  manual.run_ready();
  EXPECT_EQ(counted::alive(), 0);
}

TEST_F(broken_promise_test, more_waiters_than_the_counter_can_count_work) {
  for (const int waiters : {2, 63, 64, 65, 200}) {
    auto theirs = create_future<int>();
    std::vector<future<int>> mine;
    for (int i = 0; i < waiters; ++i) mine.push_back(waits_for(io, theirs));
    const bool told = waiters < 64;
    if (told) {
      theirs = {};
    } else {
      resolve(theirs, 1);
      theirs = {};
    }
    manual.run_ready();
    for (const auto& each : mine) EXPECT_EQ(told, is_broken(each)) << waiters;
  }
}

TEST_F(broken_promise_test, a_gather_gets_the_error) {
  auto first = create_future<int>();
  auto second = create_future<std::string>();
  const auto both = gather(first, second);
  const auto all = gather(std::vector<future<int>>{first});
  const auto strict = gather(consume_exceptions::no, std::vector<future<int>>{first});
  first = {};
  resolve(second, "there");
  manual.run_ready();
  ASSERT_TRUE(is_called(both));
  EXPECT_TRUE(std::get<0>(both.value()).error().is<broken_promise>());
  EXPECT_EQ(std::get<1>(both.value()).value(), "there");
  EXPECT_TRUE(all.value()[0].error().is<broken_promise>());
  EXPECT_TRUE(strict.get_failure()->is<broken_promise>());
}

TEST_F(broken_promise_test, code_that_waits_for_a_gather_that_cannot_end_gets_the_error) {
  auto first = create_future<int>();
  const auto mine = [](api async, std::vector<future<int>> theirs) -> future<int> {
    auto all = async.gather(consume_exceptions::no, std::exchange(theirs, {}));
    co_return (co_await std::move(all))[0].value();
  }(io, {first});
  first = {};
  manual.run_ready();
  EXPECT_TRUE(is_broken(mine));
}

TEST_F(broken_promise_test, a_handle_that_may_complete_it_counts_wherever_it_is) {
  // Each is referred to from elsewhere: in a callback, a timer, another future's canceller, the waiting coroutine's own
  // frame.
  auto first = create_future<int>();
  const auto by_timer = waits_for(io, first);
  call_later(1s, [first = std::exchange(first, {})] { resolve(first, 1); });

  auto second = create_future<int>();
  const auto trigger = create_future<int>(1);
  const auto by_callback = waits_for(io, second);
  add_callbacks(trigger, [second = std::exchange(second, {})](int) { resolve(second, 2); });

  const auto by_reference = [](api async) -> future<int> {
    const auto mine = async.create_future<int>();
    async.call_later(1s, [&mine] { resolve(mine, 3); });
    co_return co_await mine;
  }(io);

  auto stop = create_future<int>();
  const auto by_canceller = waits_for(io, stop);
  const auto other = create_future<int>([stop = std::exchange(stop, {})] { resolve(stop, 4); });

  manual.run_ready();
  EXPECT_FALSE(is_called(by_timer));
  EXPECT_FALSE(is_called(by_reference));
  cancel(other);
  manual.advance(1s);
  EXPECT_EQ(by_timer.value(), 1);
  EXPECT_EQ(by_callback.value(), 2);
  EXPECT_EQ(by_reference.value(), 3);
  EXPECT_EQ(by_canceller.value(), 4);
}

TEST_F(broken_promise_test, sleeps_and_coroutines_complete_without_a_handle) {
  const auto mine = [](api async) -> future<int> {
    co_await async.sleep(1s);
    co_await [](api inner) -> future<void> { co_await inner.sleep(1s); }(async);
    co_await async.gather(async.sleep(1s), async.sleep(2s));
    co_return 1;
  }(io);
  manual.advance(4s);
  EXPECT_EQ(mine.value(), 1);
}

TEST_F(broken_promise_test, callbacks_alone_are_destroyed_without_being_called) {
  auto theirs = create_future<int>();
  add_callbacks(
      theirs, [held = counted()](int) { ADD_FAILURE(); }, [held = counted()](const failure&) { ADD_FAILURE(); });
  theirs = {};
  EXPECT_EQ(counted::alive(), 0);
  manual.run_ready();
}

TEST_F(broken_promise_test, errbacks_are_called_in_addition_to_a_waiter) {
  std::string told;
  auto theirs = create_future<int>();
  const auto mine = waits_for(io, theirs);
  add_callbacks(theirs, nullptr, [&](const failure& why) { told = why.type_name(); });
  theirs = {};
  manual.run_ready();
  EXPECT_EQ(told, "interloop::broken_promise");
  EXPECT_TRUE(is_broken(mine));
}

TEST_F(broken_promise_test, a_waiter_can_still_cancel_and_a_value_can_be_moved_out) {
  counted::reset_copies();
  auto theirs = create_future<counted>();
  const auto mine = [](api, future<counted> awaited) -> future<counted> { co_return co_await std::move(awaited); }(
                                                         io, std::exchange(theirs, create_future<counted>()));
  const auto other = [](api, future<counted> awaited) -> future<counted> { co_return co_await std::move(awaited); }(
                                                          io, theirs);
  resolve(std::exchange(theirs, {}), counted(7));
  manual.run_ready();
  EXPECT_TRUE(mine.get_failure()->is<broken_promise>());
  EXPECT_EQ(other.value().value, 7);
  EXPECT_EQ(counted::copies(), 0);

  auto third = create_future<int>();
  const auto cancelled = waits_for(io, third);
  cancel(cancelled);
  third = {};
  manual.run_ready();
  EXPECT_TRUE(cancelled.get_failure()->is<cancelled_error>());
}

TEST_F(broken_promise_test, handles_that_are_destroyed_while_the_loop_closes_do_no_harm) {
  auto theirs = create_future<int>();
  const auto mine = waits_for(io, theirs);
  call_later(1h, [theirs = std::exchange(theirs, {})] { resolve(theirs, 1); });
  manual->close();
  EXPECT_TRUE(mine.get_failure()->is<loop_closed>());
}

class broken_promise_on : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(every, broken_promise_on, ::testing::ValuesIn(loop_names()),
                         [](const auto& each) { return each.param; });

TEST_P(broken_promise_on, waiters_in_the_loop_and_in_another_thread_get_the_error) {
  const auto native = make_loop(GetParam());
  loop& core = native->core();
  bool told = false;
  std::optional<std::string> blocked;
  const loop_hold hold = core.hold();
  std::thread other([&, remote = core.remote()] {
    try {
      run_in_reactor(remote, [] { return create_future<int>(); })().wait(60s);
    } catch (const error& why) {
      blocked = why.what();
    }
    remote.post([&] { told = true; });
  });
  auto theirs = std::make_shared<future<int>>(with_config(core).create_future<int>());
  future<int> mine;
  core.call_soon([&] { mine = waits_for(with_config(core), *theirs); });
  core.call_later(1ms, [&] { *theirs = {}; });
  run_until(core, [&] { return told && mine && is_called(mine); });
  other.join();
  EXPECT_TRUE(is_broken(mine));
  EXPECT_THAT(blocked.value_or("nothing"), HasSubstr("can no longer be completed"));
  mine = {};
  native->drop_owner();
}

TEST_P(broken_promise_on, a_coroutine_of_another_loop_gets_the_error_in_its_own_loop) {
  const auto native = make_loop(GetParam());
  interloop::testing::manual_loop manual;
  auto theirs = with_config(native->core()).create_future<int>();
  const auto mine = waits_for(with_config(manual), theirs);
  theirs = {};
  run_until(native->core(), [&] { return manual.run_ready(), is_called(mine); });
  EXPECT_TRUE(is_broken(mine));
  native->drop_owner();
}

}  // namespace
}  // namespace interloop::test
