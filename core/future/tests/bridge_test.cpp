// SPDX-License-Identifier: MIT
// The edge of a loop: what a promise settles, and what an observer gets, for each fate of the future.
#include <interloop/bridge.hpp>
#include <interloop/current_loop.hpp>

#include "support/loop_test.hpp"
#include "support/loops.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace interloop::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Keeps the observer's outcome, as a word.
template <class T>
auto keep_in(std::vector<std::string>& told) {
  return [&told](outcome<T>& ended) {
    std::string word = ended.closing() ? "closing " : "";
    if (const failure* why = ended.take_failure()) {
      word += ended.cancelled() ? "cancelled " + why->message() : why->type_name();
    } else {
      word += "value";
    }
    told.push_back(word);
  };
}

class promise_test : public loop_test {};

TEST_F(promise_test, a_value_is_moved_in_and_out) {
  promise<std::unique_ptr<int>> end(*manual);
  const auto f = end.get_future();
  EXPECT_TRUE(end.pending());
  EXPECT_TRUE(end.resolve(std::make_unique<int>(7)));
  EXPECT_FALSE(end.pending());
  EXPECT_EQ(*f.take(), 7);

  promise<void> nothing(*manual);
  EXPECT_TRUE(nothing.resolve());
  EXPECT_TRUE(is_called(nothing.get_future()));
}

TEST_F(promise_test, a_failure_comes_in_as_in_reject) {
  const auto type_of = [](const promise<int>& end) { return end.get_future().get_failure()->type_name(); };
  promise<int> first(*manual), second(*manual), third(*manual), fourth(*manual);
  EXPECT_TRUE(first.reject(std::out_of_range("no such row")));
  EXPECT_TRUE(second.reject(std::make_exception_ptr(std::length_error("long"))));
  EXPECT_TRUE(third.reject(create_failure(std::domain_error("strange"))));
  try {
    throw std::range_error("far");
  } catch (...) {
    EXPECT_TRUE(fourth.reject());
  }
  EXPECT_EQ(type_of(first), "std::out_of_range");
  EXPECT_EQ(type_of(second), "std::length_error");
  EXPECT_EQ(type_of(third), "std::domain_error");
  EXPECT_EQ(type_of(fourth), "std::range_error");
}

TEST_F(promise_test, settling_too_late_has_no_effect_and_takes_nothing) {
  promise<std::unique_ptr<int>> end(*manual);
  cancel(end.get_future());
  auto value = std::make_unique<int>(1);
  EXPECT_FALSE(end.pending());
  EXPECT_FALSE(end.resolve(std::move(value)));
  EXPECT_TRUE(value);
  EXPECT_FALSE(end.reject(std::out_of_range("late")));
  EXPECT_FALSE(end.cancelled());
  EXPECT_TRUE(end.get_future().get_failure()->is<cancelled_error>());

  promise<int> closed(*manual), empty;
  manual->close();
  EXPECT_FALSE(closed.resolve(1));
  EXPECT_TRUE(closed.get_future().get_failure()->is<loop_closed>());
  EXPECT_FALSE(empty.resolve(1));
  EXPECT_FALSE(empty.get_future());
  EXPECT_THROW(promise<int>{*manual}, loop_closed);
}

TEST_F(promise_test, cancelling_the_future_calls_the_canceller_which_may_settle) {
  int asked = 0;
  promise<int> first(*manual, [&] { ++asked; });
  cancel(first.get_future(), "enough");
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(first.get_future().get_failure()->message(), "enough");

  promise<int> second(*manual, [&](const future<int>& f) { resolve(f, ++asked); });
  cancel(second.get_future());
  EXPECT_EQ(second.get_future().value(), 2);
}

TEST_F(promise_test, an_operation_that_was_cancelled_cancels_its_future_without_a_report) {
  {
    promise<int> end(*manual, [] { FAIL() << "nobody in interloop has cancelled it"; });
    EXPECT_TRUE(end.cancelled("by the user"));
  }
  promise<int> seen(*manual);
  seen.cancelled();
  EXPECT_TRUE(seen.get_future().get_failure()->is<cancelled_error>());
}

TEST_F(promise_test, waiters_and_errbacks_get_the_error_when_it_is_destroyed) {
  std::vector<std::string> told;
  const auto named = [](api, const future<int>& awaited) -> future<int> { co_return co_await awaited; };
  future<int> f, waiting;
  {
    promise<int> end(*manual);
    f = end.get_future();
    waiting = named(io, f);
    add_callbacks(f, nullptr, [&](const failure& why) { told.push_back(why.type_name()); });
  }
  EXPECT_TRUE(is_called(f));
  EXPECT_THAT(told, IsEmpty());
  manual.run_ready();
  EXPECT_THAT(told, ElementsAre("interloop::broken_promise"));
  EXPECT_TRUE(waiting.get_failure()->is<broken_promise>());
}

TEST_F(promise_test, a_promise_without_other_handles_is_destroyed_without_a_report) {
  int asked = 0;
  {
    promise<int> alone(*manual, [&asked, held = counted()] { ++asked; });
  }
  EXPECT_EQ(asked, 0);
  promise<int> moved(*manual);
  promise<int> there = std::move(moved);
  EXPECT_FALSE(moved.pending());
  EXPECT_TRUE(there.pending());
  const auto f = there.get_future();
  there = promise<int>(*manual);
  EXPECT_TRUE(f.get_failure()->is<broken_promise>());
  auto& itself = there;
  there = std::move(itself);
  EXPECT_TRUE(there.pending());
}

TEST_F(promise_test, a_pointer_can_hold_a_promise) {
  promise<std::string> end(*manual);
  const auto f = end.get_future();
  void* data = end.release();
  EXPECT_FALSE(end.get_future());
  EXPECT_FALSE(is_called(f));
  EXPECT_TRUE(promise<std::string>::adopt(data).resolve("back"));
  EXPECT_EQ(f.value(), "back");
  EXPECT_EQ(promise<int>().release(), nullptr);
  EXPECT_FALSE(promise<int>::adopt(nullptr).pending());
}

class observe_test : public loop_test {
 protected:
  std::vector<std::string> told;
};

TEST_F(observe_test, an_observer_is_called_once_in_a_later_turn) {
  const auto first = create_future<int>();
  observe(first, keep_in<int>(told));
  resolve(first, 1);
  EXPECT_THAT(told, IsEmpty());
  manual.run_ready();
  EXPECT_THAT(told, ElementsAre("value"));

  const auto done = create_future_error<void>(std::out_of_range("no such row"));
  observe(done, keep_in<void>(told));
  EXPECT_EQ(told.size(), 1U);
  manual.run_ready();
  EXPECT_THAT(told, ElementsAre("value", "std::out_of_range"));
}

TEST_F(observe_test, a_value_that_only_the_observer_needs_is_moved_out) {
  counted::reset_copies();
  int got = 0;
  auto f = create_future<counted>();
  observation link = observe(f, [&](outcome<counted>& ended) { got = ended.take().value; });
  resolve(std::exchange(f, {}), counted(7));
  manual.run_ready();
  EXPECT_EQ(got, 7);
  EXPECT_EQ(counted::copies(), 0);

  auto shared = create_future<counted>(counted(8));
  observe(shared, [&](outcome<counted>& ended) { got = ended.value().value + ended.take().value; });
  manual.run_ready();
  EXPECT_EQ(got, 16);
  EXPECT_EQ(counted::copies(), 1);
  EXPECT_EQ(shared.value().value, 8);
}

TEST_F(observe_test, a_value_that_another_callback_has_taken_is_a_failure) {
  const auto f = create_future<std::unique_ptr<int>>(std::make_unique<int>(1));
  add_callbacks(f, [](std::unique_ptr<int>) {});
  observe(f, keep_in<std::unique_ptr<int>>(told));
  manual.run_ready();
  EXPECT_THAT(told, ElementsAre("interloop::invalid_state"));
}

TEST_F(observe_test, a_failure_is_reported_unless_the_observer_takes_it) {
  std::string seen;
  const auto peeks = [&](outcome<int>& ended) { seen = ended.peek_failure()->message(); };
  const auto throws = [](outcome<int>& ended) {
    EXPECT_THROW(ended.value(), std::out_of_range);
    EXPECT_THROW(ended.take(), std::out_of_range);
  };
  observe(create_future_error<int>(std::out_of_range("peeked at")), peeks);
  manual.run_ready();
  EXPECT_EQ(seen, "peeked at");
  EXPECT_THAT(taken_reports(), ElementsAre("a future failed and nobody looked at it: std::out_of_range: peeked at"));
  observe(create_future_error<int>(std::out_of_range("taken")), keep_in<int>(told));
  observe(create_future_error<int>(std::out_of_range("thrown")), throws);
  manual.run_ready();
}

TEST_F(observe_test, an_observer_is_called_when_the_future_can_no_longer_be_completed) {
  auto f = create_future<int>();
  const observation link = observe(f, keep_in<int>(told));
  f = {};
  EXPECT_THAT(told, IsEmpty());
  manual.run_ready();
  EXPECT_THAT(told, ElementsAre("interloop::broken_promise"));
}

TEST_F(observe_test, cancelling_outside_cancels_inside) {
  int asked = 0;
  auto f = create_future<int>([&] { ++asked; });
  observation link = observe(f, keep_in<int>(told));
  EXPECT_TRUE(link);
  EXPECT_TRUE(link.cancel("not needed"));
  EXPECT_FALSE(link.cancel());
  EXPECT_EQ(asked, 1);
  EXPECT_TRUE(f.get_failure()->is<cancelled_error>());
  EXPECT_TRUE(link);
  manual.run_ready();
  EXPECT_THAT(told, ElementsAre("cancelled not needed"));
  EXPECT_FALSE(link);
  EXPECT_FALSE(link.cancel());
  EXPECT_FALSE(observation().cancel());
}

TEST_F(observe_test, cancelling_outside_cancels_a_coroutine_which_may_end_otherwise) {
  const auto stubborn = [](api async) -> future<int> {
    try {
      co_await async.sleep(1h);
    } catch (const cancelled_error&) {
    }
    co_return 3;
  };
  observation link = observe(stubborn(io), keep_in<int>(told));
  EXPECT_TRUE(link.cancel());
  EXPECT_TRUE(link) << "the coroutine has not been resumed yet";
  manual.run_ready();
  EXPECT_THAT(told, ElementsAre("value"));
}

TEST_F(observe_test, cancelling_inside_tells_outside) {
  const auto f = create_future<int>();
  observe(f, keep_in<int>(told));
  cancel(f, "inside");
  manual.run_ready();
  EXPECT_THAT(told, ElementsAre("cancelled inside"));
}

TEST_F(observe_test, an_observation_may_move_and_go) {
  const auto f = create_future<int>();
  observation first = observe(f, keep_in<int>(told));
  observation second = std::move(first);
  EXPECT_FALSE(first);
  EXPECT_TRUE(second);
  second = observe(create_future<int>(1), keep_in<int>(told));
  manual.run_ready();
  EXPECT_FALSE(second);
  resolve(f, 1);
  second = {};
  manual.run_ready();
  EXPECT_THAT(told, ElementsAre("value", "value"));
}

TEST_F(observe_test, an_observation_that_the_observer_owns_is_destroyed_with_it) {
  const auto link = std::make_shared<observation>();
  const auto f = create_future<int>();
  *link = observe(f, [link, held = counted()](outcome<int>&) { EXPECT_FALSE(*link); });
  resolve(f, 1);
  manual.run_ready();
  EXPECT_EQ(link.use_count(), 1);
}

TEST_F(observe_test, an_observer_is_called_inside_close_at_the_loops_end) {
  const auto pending = create_future<int>();
  const auto done = create_future<int>(1);
  const auto failed = create_future_error<int>(std::out_of_range("just before"));
  const auto coroutine = [](api async) -> future<int> {
    co_await async.sleep(1h);
    co_return 1;
  }(io);
  for (const auto& each : {pending, done, failed, coroutine}) observe(each, keep_in<int>(told));
  observation link = observe(pending, [&](outcome<int>&) { EXPECT_THROW((void)create_future<int>(), loop_closed); });
  manual->close();
  EXPECT_THAT(told, ::testing::UnorderedElementsAre("closing interloop::loop_closed", "closing value",
                                                    "closing std::out_of_range", "closing interloop::loop_closed"));
  EXPECT_FALSE(link);
  EXPECT_THROW(observe(pending, keep_in<int>(told)), loop_closed);
}

TEST_F(observe_test, an_observer_that_closes_the_loop_does_not_prevent_the_others_calls) {
  const auto f = create_future<int>(1);
  observe(f, [&](outcome<int>&) { manual->close(); });
  observe(f, keep_in<int>(told));
  observe(f, [this, room = std::array<char, 200>{}](outcome<int>&) { told.emplace_back(room.data()); });
  manual.run_ready();
  EXPECT_THAT(told, ElementsAre("closing value", ""));
}

TEST_F(observe_test, an_exception_of_an_observer_goes_to_the_exception_handler) {
  const auto f = create_future<int>(1);
  observe(f, [](outcome<int>&) { throw std::runtime_error("a bug"); });
  observe(f, keep_in<int>(told));
  const auto never = create_future<int>();
  observe(never, [](outcome<int>&) { throw std::runtime_error("at the end"); });
  manual.run_ready();
  EXPECT_THAT(told, ElementsAre("value"));
  manual->close();
  EXPECT_THAT(taken_reports(), ElementsAre(HasSubstr("escaped a callback: std::runtime_error: a bug"),
                                           HasSubstr("escaped a callback: std::runtime_error: at the end")));
}

TEST_F(observe_test, more_observers_than_the_counter_can_count_are_called) {
  for (const int count : {63, 64, 65, 200}) {
    auto f = create_future<int>();
    told.clear();
    for (int i = 0; i < count; ++i) observe(f, keep_in<int>(told));
    resolve(std::exchange(f, {}), 1);
    manual.run_ready();
    EXPECT_EQ(told.size(), static_cast<std::size_t>(count));
  }
}

TEST_F(observe_test, observers_are_called_in_order_with_callbacks_and_beside_coroutines) {
  const auto f = create_future<int>();
  add_callbacks(f, [&](int) { told.emplace_back("callback"); });
  observe(f, keep_in<int>(told));
  const auto awaits = [this](api, future<int> awaited) -> future<void> {
    co_await awaited;
    told.emplace_back("coroutine");
  };
  const auto done = awaits(io, f);
  resolve(f, 1);
  manual.run_ready();
  EXPECT_THAT(told, ElementsAre("callback", "value", "coroutine"));
}

class bridge_on : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(every, bridge_on, ::testing::ValuesIn(loop_names()),
                         [](const auto& each) { return each.param; });

// An operation of a library that calls back with a `void*`; it may be asked to stop, and then calls back too.
struct operation {
  timer ends;
  void (*callback)(void* data, int status) = nullptr;
  void* data = nullptr;

  void start(loop& core, duration delay) {
    ends = core.call_later(delay, [this] { callback(data, 0); });
  }
  void stop() {
    if (ends.cancel()) callback(data, 1);
  }
};

void settle(void* data, int status) {
  auto end = promise<int>::adopt(data);
  status == 0 ? end.resolve(42) : end.cancelled("stopped");
}

TEST_P(bridge_on, an_operation_comes_in_and_its_future_goes_out) {
  const auto native = make_loop(GetParam());
  loop& core = native->core();
  std::vector<std::string> told;
  operation ends, stops, is_stopped;
  observation links[3];
  int i = 0;
  for (operation* each : {&ends, &stops, &is_stopped}) {
    promise<int> end(core, [each] { each->stop(); });
    links[i++] = observe(end.get_future(), keep_in<int>(told));
    each->callback = &settle;
    each->data = end.release();
    each->start(core, each == &ends ? duration(1ms) : duration(1h));
  }
  core.call_soon([&] {
    EXPECT_TRUE(links[1].cancel("not needed"));
    is_stopped.stop();
  });
  run_until(core, [&] { return told.size() == 3; });
  EXPECT_THAT(told, ElementsAre("cancelled stopped", "cancelled stopped", "value"));
  native->drop_owner();
}

TEST_P(bridge_on, an_outgoing_future_is_completed_when_the_loop_closes) {
  const auto native = make_loop(GetParam());
  loop& core = native->core();
  std::vector<std::string> told;
  promise<int> in(core);
  promise<int> both(core);
  observe(in.get_future(), keep_in<int>(told));
  const observation link = observe(in.get_future(), [&](outcome<int>&) { both.resolve(1); });
  observe(both.get_future(), keep_in<int>(told));
  core.call_soon([&] { core.close(); });
  run_until(core, [&] { return core.closed(); });
  EXPECT_THAT(told, ElementsAre("closing interloop::loop_closed", "closing interloop::loop_closed"));
  EXPECT_FALSE(in.resolve(1));
  native->drop_owner();
}

}  // namespace
}  // namespace interloop::test
