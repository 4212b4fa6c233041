// SPDX-License-Identifier: MIT
// call_soon, call_later, call_at and sleep, as users of a loop see them.
#include <interloop/interloop.hpp>

#include <interloop/loop_port.hpp>

#include "support/bare_port.hpp"
#include "support/loop_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <limits>
#include <memory>
#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace interloop {
namespace {

using namespace std::chrono_literals;
using test::at_destruction;
using test::counted;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class call_later_test : public test::loop_test {
 protected:
  auto note(int name) {
    return [this, name] { order.push_back(name); };
  }
  std::vector<int> order;
};

TEST_F(call_later_test, call_soon_runs_in_a_later_turn_in_the_order_of_the_calls) {
  call_soon(note(1));
  call_soon(note(2));
  EXPECT_THAT(order, IsEmpty());
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre(1, 2));
}

TEST_F(call_later_test, a_call_made_inside_a_call_does_not_run_inside_it) {
  call_soon([this] {
    call_soon(note(2));
    post(note(3));
    order.push_back(1);
  });
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre(1, 2, 3));
}

TEST_F(call_later_test, post_from_the_loops_thread_keeps_its_order) {
  for (int i = 0; i < 5; ++i) post(note(i));
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3, 4));
}

TEST_F(call_later_test, timers_fire_at_their_time_in_the_order_of_deadlines) {
  call_later(3s, note(3));
  call_later(1s, note(1));
  call_later(2s, note(2));
  manual.advance(2s);
  EXPECT_THAT(order, ElementsAre(1, 2));
  manual.advance(999ms);
  EXPECT_THAT(order, ElementsAre(1, 2));
  manual.advance(1ms);
  EXPECT_THAT(order, ElementsAre(1, 2, 3));
}

TEST_F(call_later_test, inside_a_timer_the_clock_has_reached_its_deadline) {
  const time_point due = manual->now() + 1500us;
  time_point fired;
  call_at(due, [&] { fired = now(); });
  manual.advance(1h);
  EXPECT_EQ(fired, due);
}

TEST_F(call_later_test, a_delay_of_zero_or_less_means_the_next_turn_after_what_was_queued) {
  call_later(0s, note(2));
  call_later(-5s, note(3));
  call_at(manual->now() - 1h, note(4));
  call_soon(note(1));
  EXPECT_THAT(order, IsEmpty());
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre(1, 2, 3, 4));
}

TEST_F(call_later_test, a_chain_of_zero_delays_lets_everything_else_run_in_between) {
  std::function<void(int)> again = [&](int left) {
    order.push_back(0);
    if (left > 0) call_later(0s, again, left - 1);
  };
  call_later(0s, again, 3);
  call_later(1ns, note(9));
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre(0, 0, 0, 0));
  manual.advance(1ns);
  EXPECT_THAT(order, ElementsAre(0, 0, 0, 0, 9));
}

TEST_F(call_later_test, a_delay_too_long_for_the_clock_never_ends_and_can_be_cancelled) {
  timer never = call_later(std::chrono::duration<double>(1e30), note(1));
  timer nan = call_later(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN()), note(2));
  manual.advance(24h * 365);
  EXPECT_THAT(order, ElementsAre(2));
  EXPECT_FALSE(nan.active());
  EXPECT_TRUE(never.active());
  EXPECT_TRUE(never.cancel());
}

TEST_F(call_later_test, the_clock_may_be_moved_as_far_as_it_goes) {
  call_later((duration::max)(), note(1));
  manual.advance((duration::max)());
  EXPECT_EQ(manual->now(), (time_point::max)());
}

TEST_F(call_later_test, arguments_are_bound_moved_and_given_once) {
  std::string got;
  const auto take = [&](std::unique_ptr<int> a, std::string b) { got += b + std::to_string(*a); };
  call_soon(take, std::make_unique<int>(1), "soon");
  call_later(1s, take, std::make_unique<int>(2), std::string("later"));
  call_at(manual->now() + 2s, take, std::make_unique<int>(3), "at");
  post(take, std::make_unique<int>(4), "post");
  manual.advance(2s);
  EXPECT_EQ(got, "soon1post4later2at3");
}

template <class On, class... Args>
constexpr bool has_call_soon = requires(On on, Args... args) { on.call_soon([](auto...) {}, args..., {}); };

TEST_F(call_later_test, there_may_be_any_number_of_arguments) {
  int sum = 0;
  const auto add = [&](auto... each) { sum += (1 + ... + each); };
  call_soon(add);
  io.call_soon(add, 10);
  manual->call_soon(add, 10, 10);
  call_soon(add, 10, 10, 10);
  io.call_soon(add, 10, 10, 10, 10);
  manual->call_soon(add, 10, 10, 10, 10, 10);
  post(add, 100);
  io.post(add, 100, 100, 100);
  manual->post(add, 100, 100, 100, 100);
  manual->remote().post(add);
  manual->remote().post(add, 100, 100);
  manual->remote().post(add, 100, 100, 100, 100, 100);
  manual.run_ready();
  EXPECT_EQ(sum, 12 + 150 + 1500);
  static_assert(!has_call_soon<loop&> && !has_call_soon<loop&, int>, "braces are not an argument that was left out");
}

TEST_F(call_later_test, a_place_may_be_an_argument) {
  const auto here = std::source_location::current();
  unsigned sum = 0;
  call_soon([&](std::source_location at) { sum += at.line(); }, here);
  call_soon([&](int, int, int, std::source_location at) { sum += at.line(); }, 1, 2, 3, here);
  manual->remote().post([&](int, int, int, std::source_location at) { sum += at.line(); }, 1, 2, 3, here);
  manual.run_ready();
  EXPECT_EQ(sum, 3 * here.line());
}

TEST_F(call_later_test, references_are_copied_unless_wrapped) {
  int value = 1;
  int seen = 0;
  call_soon([&](int copy) { seen = copy; }, value);
  call_soon([](int& original) { original = 7; }, std::ref(value));
  value = 2;
  manual.run_ready();
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(value, 7);
}

TEST_F(call_later_test, members_and_functions_that_are_called_once_are_allowed) {
  struct object {
    int calls = 0;
    void add(int n) { calls += n; }
  } o;
  struct only_once {
    object* to;
    void operator()() && { to->add(100); }
  };
  call_soon(&object::add, &o, 1);
  call_later(1s, &object::add, &o, 10);
  call_soon(only_once{&o});
  call_later(1s, only_once{&o});
  manual.advance(1s);
  EXPECT_EQ(o.calls, 211);
}

TEST_F(call_later_test, cancelling_prevents_the_call_destroys_the_callable_and_is_idempotent) {
  timer t = call_later(1s, [this, held = counted()] { order.push_back(1); });
  timer copy = t;
  EXPECT_TRUE(t.active());
  EXPECT_TRUE(copy.cancel());
  EXPECT_EQ(counted::alive(), 0);
  EXPECT_FALSE(t.active());
  EXPECT_FALSE(t.cancel());
  manual.run_ready();
  EXPECT_EQ(manual.next_alarm(), (time_point::max)());
  manual.advance(2s);
  EXPECT_THAT(order, IsEmpty());
  EXPECT_FALSE(timer().cancel());
}

TEST_F(call_later_test, cancelling_after_or_while_it_fires_does_nothing) {
  timer t;
  t = call_later(1s, [&] {
    EXPECT_FALSE(t.active());
    EXPECT_FALSE(t.cancel());
    order.push_back(1);
  });
  manual.advance(1s);
  EXPECT_FALSE(t.cancel());
  EXPECT_THAT(order, ElementsAre(1));
}

TEST_F(call_later_test, one_due_timer_may_cancel_the_next) {
  timer second;
  call_later(1s, [&] { EXPECT_TRUE(second.cancel()); });
  second = call_later(1s, note(2));
  manual.advance(1s);
  EXPECT_THAT(order, IsEmpty());
}

TEST_F(call_later_test, dropping_the_handle_does_not_cancel) {
  static_cast<void>(call_later(1s, note(1)));
  manual.advance(1s);
  EXPECT_THAT(order, ElementsAre(1));
}

TEST_F(call_later_test, cancelling_may_destroy_the_handle_itself) {
  struct object {
    timer mine;
    std::array<char, 64> pad{};
  };
  auto owner = std::make_shared<object>();
  object& it = *owner;
  it.mine = call_later(1s, [keeps = std::move(owner)] {});
  EXPECT_TRUE(it.mine.cancel());  // only the callable kept it alive
}

TEST_F(call_later_test, an_exception_is_reported_and_the_others_run) {
  call_later(1s, [] { throw std::runtime_error("timer"); });
  call_later(1s, note(1));
  call_soon([] { throw std::runtime_error("soon"); });
  call_soon(note(0));
  manual.advance(1s);
  EXPECT_THAT(order, ElementsAre(0, 1));
  EXPECT_THAT(taken_reports(), ElementsAre(HasSubstr("soon"), HasSubstr("timer")));
}

TEST_F(call_later_test, a_callback_may_run_the_loop_nested_and_everything_runs_once_in_order) {
  call_soon([this] {
    order.push_back(1);
    manual.run_ready();
    order.push_back(4);
  });
  call_soon(note(2));
  call_soon(note(3));
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre(1, 2, 3, 4));
}

TEST_F(call_later_test, a_timer_may_advance_the_clock_nested) {
  call_later(1s, [this] {
    order.push_back(1);
    manual.advance(5s);
    order.push_back(4);
  });
  call_later(2s, note(2));
  call_later(3s, note(3));
  call_later(60s, note(5));
  manual.advance(60s);
  EXPECT_THAT(order, ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(call_later_test, sleep_is_resolved_after_its_delay) {
  const future<void> f = interloop::sleep(2s);
  manual.advance(1s);
  EXPECT_FALSE(is_called(f));
  manual.advance(1s);
  EXPECT_TRUE(is_called(f));
}

TEST_F(call_later_test, a_sleep_of_zero_ends_in_a_later_turn) {
  const future<void> f = interloop::sleep(0s);
  EXPECT_FALSE(is_called(f));
  manual.run_ready();
  EXPECT_TRUE(is_called(f));
}

TEST_F(call_later_test, a_cancelled_sleep_leaves_no_timer) {
  const future<void> f = interloop::sleep(2s);
  EXPECT_TRUE(cancel(f));
  EXPECT_TRUE(f.get_failure()->is<cancelled_error>());
  manual.run_ready();
  EXPECT_EQ(manual.next_alarm(), (time_point::max)());
}

TEST_F(call_later_test, resolving_a_sleep_early_is_allowed_and_its_timer_does_no_harm) {
  const future<void> f = interloop::sleep(2s);
  resolve(f);
  manual.advance(2s);
  EXPECT_TRUE(is_called(f));
}

TEST_F(call_later_test, only_one_native_timer_is_armed_for_the_earliest) {
  const time_point start = manual->now();
  for (int i = 10; i > 0; --i) call_later(std::chrono::minutes(i), note(i));
  manual.run_ready();
  EXPECT_EQ(manual.next_alarm(), start + 1min);
  manual.advance(1min);
  EXPECT_EQ(manual.next_alarm(), start + 2min);
}

// Its clock advances with every look, like a real one, and it counts its native timers.
class ticking_port final : public test::bare_port {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "ticking"; }
  void wake() noexcept override { woken = true; }
  void set_alarm(time_point) override { ++alarms; }
  [[nodiscard]] time_point now() const noexcept override { return ticks += 1us; }
  void run() override {
    while (std::exchange(woken, false)) turn();
  }

  bool woken = false;
  int alarms = 0;
  mutable time_point ticks{1h};
};

TEST_F(call_later_test, a_timer_is_moved_while_its_call_is_to_come) {
  timer idle = call_later(5s, note(1));
  manual.advance(4s);
  EXPECT_TRUE(idle.restart(5s));
  manual.advance(4s);
  EXPECT_THAT(order, IsEmpty());
  const timer copy = idle;
  EXPECT_TRUE(idle.restart_at(manual->now() + 500ms)) << "an earlier time";
  EXPECT_TRUE(copy.active());
  manual.advance(500ms);
  EXPECT_THAT(order, ElementsAre(1));
  EXPECT_FALSE(idle.restart(1s)) << "it has run";
  EXPECT_FALSE(timer().restart(1s));

  timer again;
  again = call_later(1s, [&] { EXPECT_FALSE(again.restart(1s)) << "it is running"; });
  manual.advance(1s);
  timer left = call_later(1s, note(2));
  manual->close();
  EXPECT_FALSE(left.restart(1s)) << "the loop is closed";
  EXPECT_THAT(order, ElementsAre(1));
}

// The native timer rings at the old time once; then it is set for the new one.
TEST_F(call_later_test, a_timer_that_is_moved_again_and_again_sets_the_native_timer_seldom) {
  auto made = std::make_unique<ticking_port>();
  const ticking_port& port = *made;
  const loop_owner owner(std::move(made));
  timer idle = owner->call_later(1h, [] {});
  owner->run();
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(idle.restart(2h));
  owner->run();
  EXPECT_EQ(port.alarms, 1);
  EXPECT_TRUE(idle.restart(1min));
  owner->run();
  EXPECT_EQ(port.alarms, 2) << "an earlier time";
}

TEST_F(call_later_test, timers_that_are_due_when_the_turn_ends_need_no_native_timer) {
  auto made = std::make_unique<ticking_port>();
  const ticking_port& port = *made;
  const loop_owner owner(std::move(made));
  int left = 100;
  const auto yields = [](api mine, int& times) -> future<void> {
    for (; times > 0; --times) co_await mine.sleep(0s);
  };
  const future<void> done = yields(api(*owner), left);
  owner->run();
  EXPECT_TRUE(is_called(done));
  EXPECT_EQ(port.alarms, 0);
  owner->call_later(1h, [] {});
  owner->run();
  EXPECT_EQ(port.alarms, 1);
}

}  // namespace
}  // namespace interloop
