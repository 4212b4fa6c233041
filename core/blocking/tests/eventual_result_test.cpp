// SPDX-License-Identifier: MIT
#include "support/blocking.hpp"

#include <interloop/interloop.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

using namespace interloop;
using namespace std::chrono_literals;
using blocking_test::event;
using blocking_test::message_of;

namespace {

class eventual_result_test : public blocking_test::on_each_loop {
 protected:
  // An operation that the test completes.
  template <class T>
  struct operation {
    std::shared_ptr<future<T>> source = std::make_shared<future<T>>();
    std::shared_ptr<std::atomic<int>> cancels = std::make_shared<std::atomic<int>>(0);
  };
  template <class T>
  eventual_result<T> start(const operation<T>& from) {
    return run_in_reactor(*thread, [from] { return *from.source = create_future<T>([from] { ++*from.cancels; }); })();
  }
  template <class T, class F>
  void in_loop(const operation<T>& on, F fn) {
    wait_for(*thread, 60s, [on, fn] {
      fn(*on.source);
      *on.source = {};
    })();
  }
};
INTERLOOP_ON_EACH_LOOP(eventual_result_test);

constexpr const char* unretrieved = "an operation failed and nobody retrieved its result: std::runtime_error: lost";

TEST_P(eventual_result_test, many_threads_wait_again_and_again_and_get_the_same_value) {
  operation<std::string> op;
  const eventual_result<std::string> result = start(op);
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t)
    threads.emplace_back([result, &right] {
      for (int i = 0; i < 10; ++i)
        if (result.wait(60s) == "the value") ++right;
    });
  in_loop(op, [](auto& f) { resolve(f, "the value"); });
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(right, 160);
}

TEST_P(eventual_result_test, many_threads_wait_again_and_again_and_get_the_same_exception) {
  operation<int> op;
  const eventual_result<int> result = start(op);
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t)
    threads.emplace_back([result, &right] {
      for (int i = 0; i < 10; ++i) try {
          static_cast<void>(result.wait(60s));
        } catch (const std::runtime_error& e) {
          if (std::string(e.what()) == "the reason") ++right;
        }
    });
  in_loop(op, [](auto& f) { reject(f, std::runtime_error("the reason")); });
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(right, 160);
}

TEST_P(eventual_result_test, after_a_timeout_the_operation_continues_and_the_outcome_still_comes) {
  operation<int> op;
  const eventual_result<int> result = start(op);
  EXPECT_THROW(static_cast<void>(result.wait(1ms)), timeout_error);
  EXPECT_THROW(static_cast<void>(result.wait(0ms)), timeout_error);
  EXPECT_THROW(static_cast<void>(result.wait(-1h)), timeout_error);
  EXPECT_EQ(*op.cancels, 0);
  in_loop(op, [](auto& f) { resolve(f, 1); });
  EXPECT_EQ(result.wait(60s), 1);
  EXPECT_EQ(result.wait(0s), 1) << "what is there needs no time";
  EXPECT_EQ(result.wait(), 1);
}

TEST_P(eventual_result_test, a_timeout_error_says_how_long_the_wait_was_and_what_to_do) {
  operation<int> op;
  const eventual_result<int> result = start(op);
  const auto message = [&](duration allowed) {
    return message_of<timeout_error>([&] { static_cast<void>(result.wait(allowed)); });
  };
  EXPECT_NE(message(1ns).find("no result within 1 ns; "), std::string::npos);
  EXPECT_NE(message(1500ns).find("no result within 1.5 µs; "), std::string::npos);
  const std::string text = message_of<timeout_error>([&] { static_cast<void>(result.wait(2ms)); });
  EXPECT_NE(text.find("no result within 2 ms; "), std::string::npos) << text;
  EXPECT_NE(text.find("cancel()"), std::string::npos) << text;
  in_loop(op, [](auto& f) { resolve(f, 1); });
}

future<int> ask_the_server(future<int> reply) { co_return co_await std::move(reply); }

TEST_P(eventual_result_test, a_timeout_error_names_the_innermost_await) {
  operation<int> op;
  const eventual_result<int> result = run_in_reactor(*thread, [op] {
    *op.source = create_future<int>();
    return ask_the_server(*op.source);
  })();
  std::string text;
  while (text.find("It waits for: ") == std::string::npos)  // a loop that is slow to answer is asked again
    text = message_of<timeout_error>([&] { static_cast<void>(result.wait(100ms)); });
  EXPECT_NE(text.find("It waits for: coroutine "), std::string::npos) << text;
  EXPECT_NE(text.find("ask_the_server (eventual_result_test.cpp:"), std::string::npos) << text;
  EXPECT_NE(text.find("awaits at eventual_result_test.cpp:"), std::string::npos) << text;
  EXPECT_NE(text.find(" → future made at eventual_result_test.cpp:"), std::string::npos) << text;
  in_loop(op, [](auto& f) { resolve(f, 1); });
  EXPECT_EQ(result.wait(60s), 1);
}

TEST_P(eventual_result_test, a_timeout_error_says_that_a_callback_holds_the_loop) {
  std::atomic<bool> held{false};
  std::atomic<bool> let_go{false};
  const eventual_result<int> result = run_in_reactor(*thread, [&] {
    held = true;
    while (!let_go) std::this_thread::yield();
    return 1;
  })();
  while (!held) std::this_thread::yield();
  const std::string text = message_of<timeout_error>([&] { static_cast<void>(result.wait(30ms)); });
  let_go = true;
  EXPECT_NE(text.find("in the middle of a turn"), std::string::npos) << text;
  EXPECT_EQ(result.wait(60s), 1);
}

TEST_P(eventual_result_test, a_deadline_may_be_a_time_point) {
  operation<int> op;
  const eventual_result<int> result = start(op);
  EXPECT_THROW(static_cast<void>(result.wait(std::chrono::steady_clock::now() + 1ms)), timeout_error);
  EXPECT_THROW(static_cast<void>(result.wait(std::chrono::steady_clock::time_point::min())), timeout_error);
  in_loop(op, [](auto& f) { resolve(f, 1); });
  EXPECT_EQ(result.wait(std::chrono::steady_clock::now() + 60s), 1);
  EXPECT_EQ(result.wait(std::chrono::steady_clock::time_point::max()), 1);
}

TEST_P(eventual_result_test, a_wait_never_ends_before_its_deadline) {
  operation<int> op;
  const eventual_result<int> result = start(op);
  for (const auto span : {10us, 200us, 3000us}) {
    const auto deadline = std::chrono::steady_clock::now() + span;
    EXPECT_THROW(static_cast<void>(result.wait(deadline)), timeout_error);
    EXPECT_GE(std::chrono::steady_clock::now(), deadline);
  }
  in_loop(op, [](auto& f) { resolve(f, 1); });
}

TEST_P(eventual_result_test, a_stop_token_ends_the_wait_of_its_holder_only) {
  operation<int> op;
  const eventual_result<int> result = start(op);
  std::stop_source stop;
  std::atomic<int> cancelled{0};
  std::atomic<int> got{0};
  std::vector<std::thread> stoppable;
  for (int t = 0; t < 8; ++t)
    stoppable.emplace_back([&, t] {
      try {
        static_cast<void>(t % 2 ? result.wait(stop.get_token()) : result.wait(60s, stop.get_token()));
      } catch (const interrupted_error&) {
        ++cancelled;
      }
    });
  std::thread other([&] { got = result.wait(60s); });
  stop.request_stop();
  for (std::thread& each : stoppable) each.join();
  EXPECT_EQ(cancelled, 8);
  EXPECT_EQ(got, 0);
  EXPECT_THROW(static_cast<void>(result.wait(stop.get_token())), interrupted_error) << "requested before the wait";
  EXPECT_EQ(*op.cancels, 0) << "the operation continues";
  in_loop(op, [](auto& f) { resolve(f, 5); });
  other.join();
  EXPECT_EQ(got, 5);
  EXPECT_EQ(result.wait(stop.get_token()), 5) << "what is there is returned";
}

TEST_P(eventual_result_test, cancel_calls_the_canceller_in_the_loop_and_the_waiters_see_operation_cancelled) {
  operation<int> op;
  const eventual_result<int> result = start(op);
  result.cancel();
  EXPECT_THROW(static_cast<void>(result.wait(60s)), operation_cancelled);
  EXPECT_EQ(*op.cancels, 1);
  result.cancel();
  settle(*thread);
  EXPECT_EQ(*op.cancels, 1) << "it is over";
  in_loop(op, [](auto&) {});
}

TEST_P(eventual_result_test, an_operation_may_ignore_cancel_and_succeed) {
  event started;
  const eventual_result<int> result = run_in_reactor(*thread, [&]() -> future<int> {
    try {
      started.set();
      co_await interloop::sleep(1h);
    } catch (const cancelled_error&) {
    }
    co_await interloop::sleep(0s);
    co_return 3;
  })();
  started.wait();
  result.cancel();
  EXPECT_EQ(result.wait(60s), 3);
}

TEST_P(eventual_result_test, one_cancel_happens_once_no_matter_how_early) {
  event go_on;
  std::atomic<int> cancels{0};
  const eventual_result<void> result = run_in_reactor(*thread, [&]() -> future<void> {
    go_on.wait();
    for (int i = 0; i < 2; ++i) try {
        co_await interloop::sleep(i ? 1ms : 1h);
      } catch (const cancelled_error&) {
        ++cancels;
      }
  })();
  result.cancel();  // the function is queued or runs; it has not returned its future
  go_on.set();
  result.wait(60s);
  EXPECT_EQ(cancels, 1);
}

TEST_P(eventual_result_test, cancel_after_the_end_and_of_a_plain_function_does_nothing) {
  const eventual_result<int> result = run_in_reactor(*thread, [] { return 1; })();
  result.cancel();
  EXPECT_EQ(result.wait(60s), 1);
  result.cancel();
  EXPECT_EQ(result.wait(60s), 1);
}

TEST_P(eventual_result_test, original_failure_is_nothing_while_there_is_none) {
  operation<int> op;
  const eventual_result<int> result = start(op);
  EXPECT_FALSE(result.original_failure());
  in_loop(op, [](auto& f) { resolve(f, 1); });
  EXPECT_EQ(result.wait(60s), 1);
  EXPECT_FALSE(result.original_failure());
}

future<int> deep_inside() {
  co_await interloop::sleep(0s);
  throw std::runtime_error("from deep inside");
}

TEST_P(eventual_result_test, original_failure_has_the_traceback_of_its_origin) {
  const eventual_result<int> result =
      run_in_reactor(*thread, []() -> future<int> { co_return co_await deep_inside(); })();
  EXPECT_THROW(static_cast<void>(result.wait(60s)), std::runtime_error);
  const std::optional<failure> fail = result.original_failure();
  ASSERT_TRUE(fail);
  EXPECT_EQ(failure_message(*fail), "std::runtime_error: from deep inside");
  EXPECT_NE(failure_format_traceback(*fail).find("deep_inside"), std::string::npos) << failure_format_traceback(*fail);
}

TEST_P(eventual_result_test, a_stashed_result_is_retrieved_once) {
  const std::uint64_t uid = run_in_reactor(*thread, [] { return 8; })().stash();
  EXPECT_EQ(retrieve_result<int>(uid).wait(60s), 8);
  const std::string text = message_of<usage_error>([&] { static_cast<void>(retrieve_result<int>(uid)); });
  EXPECT_NE(text.find(std::to_string(uid)), std::string::npos) << text;
}

TEST_P(eventual_result_test, a_result_may_be_stashed_again_under_another_uid_and_before_it_arrives) {
  operation<int> op;
  const eventual_result<int> result = start(op);
  const std::uint64_t first = result.stash();
  const std::uint64_t second = retrieve_result<int>(first).stash();
  EXPECT_NE(first, second);
  const eventual_result<int> back = retrieve_result<int>(second);
  EXPECT_THROW(static_cast<void>(back.wait(0s)), timeout_error);
  in_loop(op, [](auto& f) { resolve(f, 2); });
  EXPECT_EQ(back.wait(60s), 2);
}

TEST_P(eventual_result_test, an_unknown_uid_is_an_error_that_names_it) {
  const std::string text = message_of<usage_error>([] { static_cast<void>(retrieve_result<int>(987654321)); });
  EXPECT_NE(text.find("987654321"), std::string::npos) << text;
}

TEST_P(eventual_result_test, retrieving_as_another_type_is_an_error_and_the_result_stays_stashed) {
  const std::uint64_t uid = run_in_reactor(*thread, [] { return 8; })().stash();
  const std::string text = message_of<usage_error>([&] { static_cast<void>(retrieve_result<std::string>(uid)); });
  EXPECT_NE(text.find("another type"), std::string::npos) << text;
  EXPECT_THROW(static_cast<void>(retrieve_result<void>(uid)), usage_error);
  EXPECT_EQ(retrieve_result<int>(uid).wait(60s), 8);
}

TEST_P(eventual_result_test, if_many_threads_retrieve_one_gets_the_result) {
  for (int round = 0; round < 50; ++round) {
    const std::uint64_t uid = run_in_reactor(*thread, [round] { return round; })().stash();
    std::atomic<int> won{0};
    std::atomic<int> lost{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        try {
          if (retrieve_result<int>(uid).wait(60s) == round) ++won;
        } catch (const usage_error&) {
          ++lost;
        }
      });
    for (std::thread& each : threads) each.join();
    EXPECT_EQ(won, 1);
    EXPECT_EQ(lost, 3);
  }
}

TEST_P(eventual_result_test, a_failure_that_nobody_retrieved_is_reported_once) {
  {
    const eventual_result<int> result = run_in_reactor(*thread, []() -> int { throw std::runtime_error("lost"); })();
    const eventual_result<int> copy = result;
    settle(*thread);
    EXPECT_TRUE(told.all().empty()) << "somebody may still ask";
  }
  expected_reports = {unretrieved};
}

TEST_P(eventual_result_test, a_failure_of_a_dropped_result_is_reported_once_when_it_happens) {
  operation<int> op;
  static_cast<void>(start(op));
  settle(*thread);
  EXPECT_TRUE(told.all().empty());
  in_loop(op, [](auto& f) { reject(f, std::runtime_error("lost")); });
  expected_reports = {unretrieved};
}

TEST_P(eventual_result_test, a_failure_that_was_retrieved_in_any_way_is_not_reported) {
  const auto fail = run_in_reactor(*thread, []() -> int { throw std::runtime_error("seen"); });
  EXPECT_THROW(static_cast<void>(fail().wait(60s)), std::runtime_error);
  EXPECT_THROW(static_cast<void>(wait_for(*thread, 60s, fail.wrapped())()), std::runtime_error);
  const eventual_result<int> looked_at = fail();
  settle(*thread);
  EXPECT_TRUE(looked_at.original_failure());
  EXPECT_THROW(static_cast<void>(retrieve_result<int>(fail().stash()).wait(60s)), std::runtime_error);
}

TEST_P(eventual_result_test, a_cancellation_that_was_asked_for_is_not_reported_and_another_is) {
  operation<int> asked;
  start(asked).cancel();
  settle(*thread);
  in_loop(asked, [](auto&) {});
  operation<int> unasked;
  static_cast<void>(start(unasked));
  in_loop(unasked, [](auto& f) { cancel(f, "by itself"); });
  expected_reports = {"an operation failed and nobody retrieved its result: interloop::cancelled_error: by itself"};
}

TEST_P(eventual_result_test, a_timed_out_wait_for_reports_nothing_more) {
  event failed;
  const auto slow = wait_for(*thread, 1ms, [&]() -> future<void> {
    try {
      co_await interloop::sleep(1h);
    } catch (const cancelled_error&) {
    }
    failed.set();
    throw std::runtime_error("too late for anybody");
  });
  EXPECT_THROW(slow(), timeout_error);
  failed.wait();
}

TEST_P(eventual_result_test, waiting_in_the_loops_own_thread_throws_at_once_and_says_why) {
  operation<int> op;
  const eventual_result<int> result = start(op);
  const std::string text =
      wait_for(*thread, 60s, [&] { return message_of<usage_error>([&] { static_cast<void>(result.wait()); }); })();
  EXPECT_NE(text.find("would deadlock"), std::string::npos) << text;
  in_loop(op, [](auto& f) { resolve(f, 1); });
  EXPECT_EQ(result.wait(60s), 1);
}

TEST_P(eventual_result_test, any_future_can_be_waited_for_by_other_threads) {
  std::optional<future<int>> source;
  const eventual_result<int> result = wait_for(*thread, 60s, [&] {
    source = create_future<int>();
    return eventual(*source);
  })();
  std::optional<int> seen_in_loop;
  wait_for(*thread, 60s, [&] {
    add_callbacks(*source, [&](int n) { seen_in_loop = n; });
    resolve(*source, 6);
    source.reset();
  })();
  EXPECT_EQ(result.wait(60s), 6);
  settle(*thread);
  EXPECT_EQ(seen_in_loop, 6);
  const auto completed = wait_for(*thread, 60s, [] { return eventual(create_future_success(std::string("done"))); })();
  EXPECT_EQ(completed.wait(0s), "done");
}

TEST_P(eventual_result_test, cancelling_the_eventual_result_of_a_future_cancels_the_future) {
  std::atomic<int> cancels{0};
  const auto result =
      wait_for(*thread, 60s, [&] { return eventual(blocking_test::never<int>([&cancels] { ++cancels; })); })();
  result.cancel();
  EXPECT_THROW(static_cast<void>(result.wait(60s)), operation_cancelled);
  EXPECT_EQ(cancels, 1);
}

TEST_P(eventual_result_test, a_moved_from_result_throws) {
  eventual_result<int> result = run_in_reactor(*thread, [] { return 1; })();
  const eventual_result<int> taken = std::move(result);
  EXPECT_THROW(static_cast<void>(result.wait(0s)), usage_error);  // NOLINT(bugprone-use-after-move)
  EXPECT_THROW(result.cancel(), usage_error);
  EXPECT_THROW(static_cast<void>(result.original_failure()), usage_error);
  EXPECT_THROW(static_cast<void>(result.stash()), usage_error);
  EXPECT_EQ(taken.wait(60s), 1);
}

TEST_P(eventual_result_test, when_the_loop_stops_every_waiter_gets_reactor_stopped_now_and_later) {
  operation<int> op;
  const eventual_result<int> result = start(op);
  const auto quick = run_in_reactor(*thread, [] { return 1; });
  const eventual_result<int> done = quick();
  settle(*thread);
  std::atomic<int> released{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t)
    threads.emplace_back([&] {
      try {
        static_cast<void>(result.wait());
      } catch (const reactor_stopped&) {
        ++released;
      }
    });
  thread->stop();
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(released, 16);
  EXPECT_THROW(static_cast<void>(result.wait()), reactor_stopped);
  EXPECT_THROW(static_cast<void>(quick().wait()), reactor_stopped) << "started later";
  EXPECT_THROW(static_cast<void>(wait_for(*thread, 60s, [] { return 1; })()), reactor_stopped);
  EXPECT_EQ(done.wait(0s), 1) << "what is there stays";
  result.cancel();
  EXPECT_FALSE(result.original_failure());
  thread.reset();
  EXPECT_THROW(static_cast<void>(result.wait()), reactor_stopped);
  EXPECT_THROW(static_cast<void>(quick().wait()), reactor_stopped);
}

TEST_P(eventual_result_test, a_failure_dropped_after_the_loop_has_gone_is_written_to_stderr) {
  std::optional<eventual_result<int>> result =
      run_in_reactor(*thread, []() -> int { throw std::runtime_error("lost"); })();
  settle(*thread);
  thread.reset();
  ::testing::internal::CaptureStderr();
  result.reset();
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find("std::runtime_error: lost"), std::string::npos) << text;
}

TEST_P(eventual_result_test, arguments_live_as_long_as_the_suspended_coroutine_that_refers_to_them_even_at_a_stop) {
  struct reader {
    const std::string& text;
    std::string& copy;
    ~reader() { copy = text; }
  };
  std::string seen;
  auto ready = std::make_shared<future<void>>();
  wait_for(*thread, 60s, [ready] { *ready = create_future<void>(); })();  // older than the coroutine: destroyed later
  const eventual_result<void> result = run_in_reactor(*thread, [&seen, ready](const std::string& text) -> future<void> {
    const reader last_words{text, seen};
    co_await *ready;
  })(std::string("an argument that is on the heap"));
  run_in_reactor(*thread, [ready] { call_soon([ready] {}); })().wait(60s);
  thread.reset();
  EXPECT_THROW(result.wait(), reactor_stopped);
  EXPECT_EQ(seen, "an argument that is on the heap");
}

}  // namespace
