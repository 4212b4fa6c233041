// SPDX-License-Identifier: MIT
// The same on every loop: limits, races and groups, and what keeps a loop running.
#include <interloop/interloop.hpp>
#include <interloop/stop_token.hpp>

#include "support/loops.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <variant>

namespace interloop {
namespace {

using namespace std::chrono_literals;

class concurrency_loops_test : public ::testing::TestWithParam<std::string> {
 protected:
  template <class T>
  void finish(const future<T>& f) {
    test::run_until(under_test->core(), [&] { return is_called(f); });
  }
  std::unique_ptr<test::native_loop> under_test = test::make_loop(GetParam());
  api io{under_test->core()};
};

TEST_P(concurrency_loops_test, a_limit_that_passes_and_one_that_does_not) {
  const auto never = io.create_future<int>();
  const auto late = with_timeout(1ms, never);
  const auto in_time = with_timeout(1h, io.sleep(1ms));
  finish(late);
  finish(in_time);
  EXPECT_TRUE(late.get_failure()->is<timeout_error>());
  EXPECT_TRUE(never.get_failure()->is<cancelled_error>());
  EXPECT_FALSE(in_time.get_failure());
}

TEST_P(concurrency_loops_test, a_limit_does_not_keep_the_loop_running_after_the_answer) {
  const auto answer = io.create_future<int>();
  const auto limited = with_timeout(1h, answer);
  io.call_later(1ms, [&] { reject(answer, std::runtime_error("refused")); });
  const auto begin = std::chrono::steady_clock::now();
  io.call_later(5ms, [this] { io.loop().stop(); });  // for loops that do not end when idle
  io.loop().run();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10min);
  EXPECT_EQ(limited.get_failure()->message(), "refused");
}

TEST_P(concurrency_loops_test, closing_gives_errbacks_a_last_word_if_asked) {
  int told = 0;
  const auto never = io.create_future<int>();
  const auto limited = with_timeout(1h, never);
  for (const auto& each : {never, limited})
    add_callbacks(each, nullptr, [&](const failure& why) { told += why.is<loop_closed>() ? 1 : 100; });
  io.close(notify);
  EXPECT_EQ(told, 2);
}

TEST_P(concurrency_loops_test, a_shielded_future_goes_on_and_a_stop_token_cancels) {
  const auto protected_one = io.sleep(1ms);
  cancel(shield(protected_one));
  std::stop_source stop;
  const auto stopped = io.sleep(1h);
  cancel_on_stop(stopped, stop.get_token());
  io.call_later(1ms, [&] { stop.request_stop(); });
  finish(stopped);
  finish(protected_one);
  EXPECT_TRUE(stopped.get_failure()->is<cancelled_error>());
  EXPECT_FALSE(protected_one.get_failure());
  const auto turn = io.yield();
  finish(turn);
}

TEST_P(concurrency_loops_test, the_first_of_two_sleepers_wins) {
  const auto slow = io.sleep(1h);
  const auto first = first_of(slow, io.sleep(1ms));
  finish(first);
  EXPECT_EQ(first.value().index(), 1u);
  EXPECT_TRUE(slow.get_failure()->is<cancelled_error>());
}

TEST_P(concurrency_loops_test, a_group_of_coroutines_and_callbacks_is_joined) {
  int ended = 0;
  const auto whole = with_task_group(
      io,
      [&, this](task_group& group) -> future<void> {
        for (int i = 0; i < 5; ++i)
          group.spawn(
              [&](api async) -> future<void> {
                co_await async.sleep(100us);
                ++ended;
              },
              io);
        io.call_later(100us, [&] { ++ended; });
        const auto event = io.create_future<void>();
        add_callbacks(event, [&] { group.spawn([&] { ++ended; }); });
        resolve(event);
        co_await io.yield();
        co_await io.sleep(200us);
      },
      2);
  finish(whole);
  EXPECT_FALSE(whole.get_failure());
  EXPECT_EQ(ended, 7);
}

INSTANTIATE_TEST_SUITE_P(every_loop, concurrency_loops_test, ::testing::ValuesIn(test::loop_names()),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace interloop
