// SPDX-License-Identifier: MIT
#include "support/blocking.hpp"

#include <interloop/interloop.hpp>

#include <algorithm>
#include <atomic>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace interloop;
using namespace std::chrono_literals;
using blocking_test::event;
using blocking_test::message_of;

namespace {

class run_in_reactor_test : public blocking_test::on_each_loop {};
class wait_for_test : public blocking_test::on_each_loop {};
INTERLOOP_ON_EACH_LOOP(run_in_reactor_test);
INTERLOOP_ON_EACH_LOOP(wait_for_test);

int add(int a, int b) { return a + b; }

struct account {
  int balance = 0;
  int deposit(int amount) { return balance += amount; }
  [[nodiscard]] int read() const { return balance; }
  future<int> deposit_later(int amount) {
    co_await interloop::sleep(0s);
    co_return balance += amount;
  }
};

// Counts the copies and moves of an argument.
struct traveller {
  int copies = 0;
  int moves = 0;
  traveller() = default;
  traveller(const traveller& other) : copies(other.copies + 1), moves(other.moves) {}
  traveller(traveller&& other) noexcept : copies(other.copies), moves(other.moves + 1) {}
};

struct no_default {
  explicit no_default(int n) : value(n) {}
  int value;
};

TEST_P(run_in_reactor_test, a_function_that_closes_its_loop_and_returns_a_future_of_it_has_stopped) {
  const auto other = blocking_test::start_loop(GetParam());
  const auto result = run_in_reactor(*other, [] {
    const future<int> pending = create_future<int>();
    pending.loop().close();
    return pending;
  })();
  EXPECT_THROW(static_cast<void>(result.wait(60s)), reactor_stopped);
}

TEST_P(run_in_reactor_test, the_function_runs_in_the_loops_thread_and_the_call_returns_at_once) {
  event go_on;
  const auto where = run_in_reactor(*thread, [&] {
    go_on.wait();
    return std::this_thread::get_id();
  });
  const eventual_result<std::thread::id> result = where();
  EXPECT_THROW(static_cast<void>(result.wait(0s)), timeout_error);
  go_on.set();
  EXPECT_NE(result.wait(60s), std::this_thread::get_id());
}

TEST_P(run_in_reactor_test, a_free_function_gets_its_arguments) {
  EXPECT_EQ(run_in_reactor(*thread, add)(2, 3).wait(60s), 5);
  EXPECT_EQ(run_in_reactor(*thread, &add)(2, 3).wait(60s), 5);
}

TEST_P(run_in_reactor_test, a_lambda_may_be_move_only_and_mutable) {
  auto next = run_in_reactor(*thread, [count = std::make_unique<int>(0)]() mutable { return ++*count; });
  EXPECT_EQ(next().wait(60s), 1);
  EXPECT_EQ(next().wait(60s), 2);
}

TEST_P(run_in_reactor_test, a_member_function_is_called_on_an_object_a_pointer_or_a_reference) {
  account mine;
  EXPECT_EQ(run_in_reactor(*thread, &account::deposit)(&mine, 5).wait(60s), 5);
  EXPECT_EQ(run_in_reactor(*thread, &account::deposit)(std::ref(mine), 5).wait(60s), 10);
  EXPECT_EQ(run_in_reactor(*thread, &account::read)(mine).wait(60s), 10);
  EXPECT_EQ(run_in_reactor(*thread, &account::balance)(&mine).wait(60s), 10);
  EXPECT_EQ(run_in_reactor(*thread, &account::deposit_later)(&mine, 5).wait(60s), 15);
  EXPECT_EQ(run_in_reactor(*thread, &account::read)(std::make_shared<account>(mine)).wait(60s), 15);
}

TEST_P(run_in_reactor_test, move_only_arguments_arrive) {
  const auto take = run_in_reactor(*thread, [](std::unique_ptr<int> a, std::unique_ptr<int>&& b) { return *a + *b; });
  EXPECT_EQ(take(std::make_unique<int>(1), std::make_unique<int>(2)).wait(60s), 3);
}

TEST_P(run_in_reactor_test, an_rvalue_argument_is_never_copied_and_an_lvalue_argument_once) {
  const auto count = run_in_reactor(*thread, [](const traveller& t) { return t.copies; });
  traveller given;
  EXPECT_EQ(count(std::move(given)).wait(60s), 0);
  EXPECT_EQ(count(given).wait(60s), 1);
}

TEST_P(run_in_reactor_test, a_reference_wrapper_gives_the_callers_object) {
  std::string text;
  run_in_reactor(*thread, [](std::string& t) { t = "written"; })(std::ref(text)).wait(60s);
  EXPECT_EQ(text, "written");
}

TEST_P(run_in_reactor_test, a_future_that_the_function_returns_is_followed) {
  const auto later = run_in_reactor(*thread, [](int n) {
    auto made = create_future<int>();
    call_soon([made, n] { resolve(made, n); });
    return made;
  });
  const eventual_result<int> result = later(7);
  EXPECT_EQ(result.wait(60s), 7);
}

TEST_P(run_in_reactor_test, a_future_that_is_already_completed_or_returned_by_reference_is_followed) {
  EXPECT_EQ(run_in_reactor(*thread, [] { return create_future_success(3); })().wait(60s), 3);
  auto kept = std::make_shared<future<int>>();
  wait_for(*thread, 60s, [kept] { *kept = create_future<int>(); })();
  const eventual_result<int> result = run_in_reactor(*thread, [kept]() -> const future<int>& { return *kept; })();
  wait_for(*thread, 60s, [kept] {
    resolve(*kept, 4);
    *kept = {};
  })();
  EXPECT_EQ(result.wait(60s), 4);
}

TEST_P(run_in_reactor_test, a_coroutines_future_is_followed_and_it_may_refer_to_function_and_arguments_until_its_end) {
  auto greet = run_in_reactor(*thread,
                              [greeting = std::string("a greeting that is not short: ")](
                                  const std::string& name, const std::vector<int>& more) -> future<std::string> {
                                co_await interloop::sleep(1ms);
                                co_return greeting + name + std::to_string(more.back());
                              });
  const eventual_result<std::string> result = greet(std::string("somebody with a long name "), std::vector{1, 2, 3});
  greet = run_in_reactor(*thread, greet.wrapped());  // the first function is destroyed while it runs
  EXPECT_EQ(result.wait(60s), "a greeting that is not short: somebody with a long name 3");
}

TEST_P(run_in_reactor_test, values_need_no_default_and_may_be_void_or_move_only) {
  EXPECT_EQ(run_in_reactor(*thread, [] { return no_default(4); })().wait(60s).value, 4);
  run_in_reactor(*thread, [] {})().wait(60s);
  const eventual_result<std::unique_ptr<int>> owner =
      run_in_reactor(*thread, [] { return std::make_unique<int>(5); })();
  EXPECT_EQ(*owner.wait(60s), 5);
  EXPECT_EQ(&owner.wait(60s), &owner.wait(60s)) << "a value that cannot be copied is the same to every caller";
  const eventual_result<std::unique_ptr<int>> later =
      run_in_reactor(*thread, []() -> future<std::unique_ptr<int>> { co_return std::make_unique<int>(6); })();
  EXPECT_EQ(*later.wait(60s), 6);
}

TEST_P(run_in_reactor_test, exceptions_of_any_type_reach_the_other_thread) {
  EXPECT_EQ(message_of<std::out_of_range>(
                [&] { run_in_reactor(*thread, [] { throw std::out_of_range("far"); })().wait(60s); }),
            "far");
  EXPECT_EQ(message_of<std::out_of_range>([&] {
              run_in_reactor(*thread,
                             []() -> future<void> {
                               co_await interloop::sleep(0s);
                               throw std::out_of_range("later");
                             })()
                  .wait(60s);
            }),
            "later");
  EXPECT_THROW(run_in_reactor(*thread, [] { throw 5; })().wait(60s), int);
}

TEST_P(run_in_reactor_test, a_function_that_returns_an_empty_future_is_an_error_and_no_hang) {
  EXPECT_THROW(static_cast<void>(run_in_reactor(*thread, [] { return future<int>(); })().wait(60s)), usage_error);
}

TEST_P(run_in_reactor_test, in_the_loops_own_thread_the_function_runs_in_a_later_turn) {
  std::string order;
  std::optional<eventual_result<void>> inner;
  wait_for(*thread, 60s, [&] {
    inner = run_in_reactor(*thread, [&order] { order += "inner "; })();
    order += "outer ";
  })();
  inner->wait(60s);
  EXPECT_EQ(order, "outer inner ");
}

TEST_P(run_in_reactor_test, calls_of_one_thread_run_in_their_order) {
  std::vector<int> order;
  const auto note = run_in_reactor(*thread, [&order](int n) { order.push_back(n); });
  for (int n = 0; n < 100; ++n) static_cast<void>(note(n));
  settle(*thread);
  ASSERT_EQ(order.size(), 100U);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_P(run_in_reactor_test, wrapped_gives_the_function_itself) {
  EXPECT_EQ(run_in_reactor(*thread, add).wrapped()(1, 2), 3);
  EXPECT_EQ(wait_for(*thread, 1s, add).wrapped()(1, 2), 3);
  auto counting = run_in_reactor(*thread, [n = 0]() mutable { return ++n; });
  EXPECT_EQ(counting.wrapped()(), 1);
  EXPECT_EQ(counting.wrapped()(), 2);
  EXPECT_EQ(counting().wait(60s), 3) << "it is the same function";
}

TEST_P(run_in_reactor_test, a_loop_remote_may_say_where_to_run) {
  EXPECT_EQ(run_in_reactor(thread->remote(), add)(1, 1).wait(60s), 2);
  EXPECT_EQ(wait_for(thread->remote(), 60s, add)(1, 1), 2);
}

TEST_P(run_in_reactor_test, function_and_arguments_are_destroyed_in_the_loops_thread_before_the_result_is_known) {
  struct tracer {
    std::shared_ptr<std::thread::id> destroyed_in = std::make_shared<std::thread::id>();
    tracer() = default;
    tracer(tracer&&) = default;
    ~tracer() {
      if (destroyed_in) *destroyed_in = std::this_thread::get_id();
    }
  };
  tracer argument;
  const auto destroyed_in = argument.destroyed_in;
  const auto loop_id = run_in_reactor(*thread, [](const tracer&) { return std::this_thread::get_id(); });
  EXPECT_EQ(loop_id(std::move(argument)).wait(60s), *destroyed_in);
}

TEST_P(wait_for_test, it_returns_the_value) {
  EXPECT_EQ(wait_for(*thread, 60s, add)(20, 22), 42);
  wait_for(*thread, 60s, [] {})();
  EXPECT_EQ(*wait_for(*thread, 60s, [](std::unique_ptr<int> p) { return p; })(std::make_unique<int>(9)), 9);
  EXPECT_EQ(wait_for(*thread, 60s,
                     [](int n) -> future<int> {
                       co_await interloop::sleep(1ms);
                       co_return n * 2;
                     })(4),
            8);
}

TEST_P(wait_for_test, it_throws_the_exception) {
  EXPECT_EQ(message_of<std::logic_error>([&] { wait_for(*thread, 60s, [] { throw std::logic_error("no"); })(); }),
            "no");
}

TEST_P(wait_for_test, after_the_timeout_it_throws_and_cancels_the_operation) {
  event cancelled;
  const auto slow = wait_for(*thread, 1ms, [&] { return blocking_test::never<int>([&] { cancelled.set(); }); });
  const std::string text = message_of<timeout_error>([&] { static_cast<void>(slow()); });
  EXPECT_NE(text.find("within 1 ms"), std::string::npos) << text;
  cancelled.wait();
}

TEST_P(wait_for_test, after_the_timeout_a_coroutine_sees_cancelled_error) {
  event cancelled;
  const auto slow = wait_for(*thread, 1ms, [&]() -> future<void> {
    try {
      co_await interloop::sleep(1h);
    } catch (const cancelled_error&) {
      cancelled.set();
      throw;
    }
  });
  EXPECT_THROW(slow(), timeout_error);
  cancelled.wait();
}

TEST_P(wait_for_test, a_timeout_while_the_function_itself_still_runs_cancels_what_it_returns) {
  event timed_out;
  event cancelled;
  const auto slow = wait_for(*thread, 1ms, [&] {
    timed_out.wait();
    return blocking_test::never<int>([&] { cancelled.set(); });
  });
  EXPECT_THROW(static_cast<void>(slow()), timeout_error);
  timed_out.set();
  cancelled.wait();
}

TEST_P(wait_for_test, timeouts_may_have_any_duration_type_or_be_infinite) {
  EXPECT_EQ(wait_for(*thread, std::chrono::duration<double>(60.0), add)(1, 1), 2);
  EXPECT_EQ(wait_for(*thread, std::chrono::duration<double>(std::numeric_limits<double>::infinity()), add)(1, 1), 2);
  EXPECT_EQ(wait_for(*thread, std::chrono::hours::max(), add)(1, 1), 2);
  EXPECT_THROW(wait_for(*thread, -1s, [] { return blocking_test::never<void>(); })(), timeout_error);
}

TEST_P(wait_for_test, in_the_loops_own_thread_it_throws_before_it_runs_anything) {
  bool ran = false;
  const auto inner = wait_for(*thread, 60s, [&ran] { ran = true; });
  const std::string text = message_of<usage_error>([&] { wait_for(*thread, 60s, [&] { inner(); })(); });
  EXPECT_NE(text.find("would deadlock"), std::string::npos) << text;
  settle(*thread);
  EXPECT_FALSE(ran);
}

TEST_P(wait_for_test, in_one_loops_thread_it_may_wait_for_another_loop) {
  const auto other = blocking_test::start_loop(GetParam());
  EXPECT_EQ(wait_for(*thread, 60s, [&] { return wait_for(*other, 60s, add)(1, 2); })(), 3);
}

TEST_P(wait_for_test, many_threads_share_one_function) {
  const auto square = wait_for(*thread, 60s, [](int n) -> future<int> {
    if (n % 2) co_await interloop::sleep(0s);
    co_return n* n;
  });
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i)
        if (square(t * 1000 + i) != (t * 1000 + i) * (t * 1000 + i)) ++wrong;
    });
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
