// SPDX-License-Identifier: MIT
// Which loop the functions use if no loop, one, a second one or several are selected, and if a test replaces one.
#include <interloop/interloop.hpp>
#include <interloop/select.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <interloop/testing/replace_loop.hpp>

#include "support/loops.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace interloop {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class config_test : public ::testing::Test {
 protected:
  void SetUp() override { config().loop = nullptr; }
  void TearDown() override { config().loop = nullptr; }

  // Does what use_<loop>() does, with a name and a native loop of the test.
  static loop& use(std::string_view name, const void* native) {
    return select_loop(name, native, [] { return loop_owner(testing::manual_loop()); });
  }
  int first_native = 0;
  int second_native = 0;
};

template <class F>
void expect_unselected(F call) {
  EXPECT_THAT(call, ThrowsMessage<usage_error>(HasSubstr("with_config(loop)")));
  for (const std::string& name : interloop::test::own_loop_names())
    EXPECT_THAT(call, ThrowsMessage<usage_error>(HasSubstr("use_" + name + "()")));
}

TEST_F(config_test, before_a_loop_is_selected_every_function_names_the_functions_that_select_one) {
  expect_unselected([] { static_cast<void>(create_future<int>()); });
  expect_unselected([] { static_cast<void>(create_future<int>(1)); });
  expect_unselected([] { static_cast<void>(create_future_success(1)); });
  expect_unselected([] { static_cast<void>(create_future_success<void>()); });
  expect_unselected([] { static_cast<void>(create_future_error<int>(std::runtime_error("x"))); });
  expect_unselected([] { static_cast<void>(as_future([] { FAIL(); })); });
  expect_unselected([] { static_cast<void>(gather(std::vector<future<int>>())); });
  expect_unselected([] { static_cast<void>(gather()); });
  expect_unselected([] { static_cast<void>(interloop::sleep(1s)); });
  expect_unselected([] { call_soon([] {}); });
  expect_unselected([] { call_later(1s, [] {}); });
  expect_unselected([] { call_at(time_point(), [] {}); });
  expect_unselected([] { post([] {}); });
  expect_unselected([] { static_cast<void>(watch(0, interest::read, [](interest) {})); });
  expect_unselected([] { static_cast<void>(now()); });
  expect_unselected([] { static_cast<void>(hold()); });
  expect_unselected([] { set_exception_handler({}); });
  expect_unselected([] { static_cast<void>(make_batched_timer(1s)); });
  expect_unselected([] { static_cast<void>(close()); });
  expect_unselected([] { static_cast<void>(with_config()); });
  expect_unselected([] { static_cast<void>([]() -> future<void> { co_return; }()); });
}

TEST_F(config_test, functions_that_need_no_loop_work_without_one) {
  EXPECT_FALSE(is_future(1));
  EXPECT_EQ(failure_message(create_failure(std::runtime_error("x"))), "std::runtime_error: x");
  EXPECT_GT(time_ns(), 0);
}

TEST_F(config_test, selecting_the_same_native_loop_again_gives_the_same_loop) {
  loop& first = use("manual", &first_native);
  EXPECT_EQ(&use("manual", &first_native), &first);
  EXPECT_EQ(config().loop, &first);
  EXPECT_TRUE(loop_selected("manual"));
  EXPECT_FALSE(loop_selected("other"));
  first.close();
}

TEST_F(config_test, selecting_another_one_while_it_is_open_throws_and_changes_nothing) {
  loop& first = use("manual", &first_native);
  EXPECT_THAT([&] { use("manual", &second_native); },
              ThrowsMessage<usage_error>(
                  AllOf(HasSubstr("use_manual: a loop is already selected (manual)"), HasSubstr("with_config()"))));
  EXPECT_THAT([&] { use("other", &first_native); }, ThrowsMessage<usage_error>(HasSubstr("use_other")));
  EXPECT_EQ(config().loop, &first);
  first.close();
}

TEST_F(config_test, after_closing_it_another_one_can_be_selected) {
  loop& first = use("manual", &first_native);
  static_cast<void>(close());
  EXPECT_FALSE(loop_selected("manual"));
  loop& second = use("manual", &second_native);
  EXPECT_FALSE(second.closed());
  EXPECT_EQ(config().loop, &second);
  second.close();
  static_cast<void>(first);
}

TEST_F(config_test, a_native_loop_that_cannot_be_made_leaves_the_selection_as_it_was) {
  EXPECT_THROW(select_loop("broken", &first_native, []() -> loop_owner { throw usage_error("no"); }), usage_error);
  EXPECT_EQ(config().loop, nullptr);
}

TEST_F(config_test, a_loop_that_the_application_owns_can_be_assigned) {
  testing::manual_loop mine;
  config().loop = &*mine;
  EXPECT_EQ(&create_future<int>().loop(), &*mine);
  EXPECT_THAT([&] { use("other", &first_native); }, ThrowsMessage<usage_error>(HasSubstr("(manual)")));
}

TEST_F(config_test, the_current_loop_is_the_selected_one_outside_turns_and_scopes) {
  testing::manual_loop selected, other;
  EXPECT_THROW(static_cast<void>(current_loop()), usage_error);
  config().loop = &*selected;
  EXPECT_EQ(&current_loop(), &*selected);
  {
    const current_loop_scope outer(*other);
    EXPECT_EQ(&current_loop(), &*other);
    {
      const current_loop_scope inner(*selected);
      EXPECT_EQ(&current_loop(), &*selected);
    }
    EXPECT_EQ(&current_loop(), &*other);
  }
  EXPECT_EQ(&current_loop(), &*selected);
  const loop* in_turn = nullptr;
  other->call_soon([&] { in_turn = &current_loop(); });
  other.run_ready();
  EXPECT_EQ(in_turn, &*other);
}

TEST_F(config_test, an_api_offers_every_function_that_uses_a_loop) {
  testing::manual_loop mine;
  const api io = with_config(*mine);
  EXPECT_EQ(&io.loop(), &*mine);
  std::vector<std::string> done;
  const auto note = [&](std::string what) { return [&done, what] { done.push_back(what); }; };
  const future<int> f = io.create_future<int>();
  EXPECT_EQ(&f.loop(), &*mine);
  add_callbacks(f, [&](int) { done.push_back("callback"); });
  resolve(f, 1);
  io.call_soon(note("call_soon"));
  io.post(note("post"));
  io.call_later(1s, note("call_later"));
  io.call_at(io.now() + 2s, note("call_at"));
  auto batched = io.make_batched_timer(1s, 10);
  batched.call_later(3s, note("batched"));
  const future<void> slept = io.sleep(1s);
  const auto all = io.gather(f, slept);
  const future<int> called = io.as_future([] { return 2; });
  const future<int> success = io.create_future_success(3);
  const future<int> error = io.create_future_error<int>(std::runtime_error("e"));
  const future<int> cancelled = io.create_future<int>([&] { done.push_back("canceller"); });
  EXPECT_TRUE(cancel(cancelled, "c"));
  mine.advance(10s);
  EXPECT_THAT(done,
              ::testing::ElementsAre("canceller", "callback", "call_soon", "post", "call_later", "call_at", "batched"));
  EXPECT_TRUE(is_called(all));
  EXPECT_EQ(called.value() + success.value(), 5);
  EXPECT_EQ(failure_message(*error.get_failure()), "std::runtime_error: e");
  EXPECT_TRUE(is_called(io.close()));
  EXPECT_TRUE(mine->closed());
}

TEST_F(config_test, several_loops_live_side_by_side) {
  testing::manual_loop a;
  testing::manual_loop b;
  std::vector<std::string> order;
  with_config(*a).call_later(2s, [&] { order.push_back("a"); });
  with_config(*b).call_later(1s, [&] { order.push_back("b"); });
  a.advance(2s);
  EXPECT_EQ(order, std::vector<std::string>{"a"});
  b.advance(1s);
  EXPECT_EQ(order, (std::vector<std::string>{"a", "b"}));
}

TEST_F(config_test, inside_a_turn_functions_use_the_loop_of_that_turn) {
  testing::manual_loop selected;
  testing::manual_loop running;
  config().loop = &*selected;
  loop* inside = nullptr;
  loop* nested = nullptr;
  loop* after_nested = nullptr;
  running->call_soon([&] {
    inside = &create_future<int>().loop();
    selected->call_soon([&] { nested = &create_future<int>().loop(); });
    selected.run_ready();
    after_nested = &create_future<int>().loop();
  });
  running.run_ready();
  EXPECT_EQ(inside, &*running);
  EXPECT_EQ(nested, &*selected);
  EXPECT_EQ(after_nested, &*running);
  EXPECT_EQ(&create_future<int>().loop(), &*selected);
}

TEST_F(config_test, replace_loop_selects_for_a_scope_and_nests) {
  testing::manual_loop a;
  testing::manual_loop b;
  {
    const auto outer = testing::replace_loop(*a);
    EXPECT_EQ(config().loop, &*a);
    {
      const auto inner = testing::replace_loop(*b);
      EXPECT_EQ(config().loop, &*b);
    }
    EXPECT_EQ(config().loop, &*a);
  }
  EXPECT_EQ(config().loop, nullptr);
}

TEST_F(config_test, replace_loop_restores_when_an_exception_passes) {
  testing::manual_loop a;
  try {
    const auto replaced = testing::replace_loop(*a);
    throw std::runtime_error("passes");
  } catch (const std::runtime_error&) {
  }
  EXPECT_EQ(config().loop, nullptr);
}

#if INTERLOOP_CHECKED
template <class F>
void expect_wrong_thread(F call) {
  std::thread([&] { EXPECT_THAT(call, ThrowsMessage<wrong_thread>(HasSubstr("post()"))); }).join();
}

TEST_F(config_test, a_checked_build_refuses_other_threads_and_says_what_to_call_instead) {
  testing::manual_loop mine;
  config().loop = &*mine;
  const future<int> f = create_future<int>();
  auto batched = make_batched_timer(1s);
  expect_wrong_thread([] { call_soon([] {}); });
  expect_wrong_thread([] { call_later(1s, [] {}); });
  expect_wrong_thread([] { static_cast<void>(create_future<int>()); });
  expect_wrong_thread([] { static_cast<void>(interloop::sleep(1s)); });
  expect_wrong_thread([] { static_cast<void>(watch(0, interest::read, [](interest) {})); });
  expect_wrong_thread([] { static_cast<void>(hold()); });
  expect_wrong_thread([] { static_cast<void>([]() -> future<void> { co_return; }()); });
  expect_wrong_thread([&] { resolve(f, 1); });
  expect_wrong_thread([&] { reject(f, std::runtime_error("x")); });
  expect_wrong_thread([&] { cancel(f); });
  expect_wrong_thread([&] { add_callbacks(f, [](int) {}); });
  expect_wrong_thread([&] { static_cast<void>(gather(std::vector{f})); });
  expect_wrong_thread([&] { batched.call_later(1s, [] {}); });
  EXPECT_FALSE(is_called(f));
}
#endif

TEST_F(config_test, other_threads_may_post_and_ask) {
  testing::manual_loop mine;
  bool ran_here = false;
  const loop_remote remote = mine->remote();
  std::thread([&] {
    EXPECT_FALSE(mine->in_loop_thread());
    EXPECT_EQ(mine->name(), "manual");
    mine->post([&] { ran_here = mine->in_loop_thread(); });
    remote.post([](int) {}, 1);
  }).join();
  mine.run_ready();
  EXPECT_TRUE(ran_here);
}

// What the first version had, and 0.2 keeps.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
TEST_F(config_test, names_of_the_first_version_do_what_the_new_ones_do) {
  testing::manual_loop owner;
  const api async(*owner);
  EXPECT_EQ(sizeof(api), sizeof(loop*));  // the old names cost nothing

  const auto number = async.create_future<int>();
  const auto failed = async.create_future<int>();
  const auto handled = async.create_future<int>();
  const auto stopped = async.create_future<int>();
  std::vector<std::string> seen;
  async.add_callbacks(number, [&](int value) { seen.push_back(std::to_string(value)); }, nullptr);
  for (const auto& each : {failed, handled, stopped})
    async.add_callbacks(each, nullptr, [&](const failure& why) { seen.push_back(async.failure_message(why)); });
  EXPECT_TRUE(async.is_future(number));
  EXPECT_FALSE(async.is_called(number));
  async.resolve(number, 3);
  async.reject(failed, std::runtime_error("no"));
  try {
    throw std::logic_error("never");
  } catch (const std::exception&) {
    async.reject(handled);
    EXPECT_THAT(async.failure_message(async.create_failure()), HasSubstr("never"));
  }
  EXPECT_TRUE(async.cancel(stopped, "enough"));
  EXPECT_TRUE(async.is_called(stopped));
  owner.run_ready();
  EXPECT_THAT(seen, ::testing::ElementsAre("3", HasSubstr("no"), HasSubstr("never"), HasSubstr("enough")));

  const failure made = async.create_failure(std::runtime_error("made"));
  EXPECT_EQ(async.failure_traceback(made).size(), failure_traceback(made).size());
  EXPECT_THAT(async.failure_format_traceback(made), HasSubstr("made"));
  const std::int64_t time = async.time_ns(), counter = async.perf_counter_ns();
  EXPECT_LE(time, time_ns());
  EXPECT_LE(counter, perf_counter_ns());

  // gather's order of arguments: with `no`, the first failure is the whole's.
  const auto pending = async.create_future<int>();
  const auto whole = async.gather(std::vector{number, failed, pending}, consume_exceptions::no);
  const current_loop_scope scope(*owner);
  const auto each = gather(std::vector{number, failed}, consume_exceptions::yes);
  owner.run_ready();
  EXPECT_THAT([&] { static_cast<void>(whole.value()); }, ThrowsMessage<std::runtime_error>(HasSubstr("no")));
  EXPECT_TRUE(is_called(each));
  cancel(pending);
  owner.run_ready();
}
#pragma GCC diagnostic pop

}  // namespace
}  // namespace interloop
