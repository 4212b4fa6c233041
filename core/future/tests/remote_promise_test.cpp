// SPDX-License-Identifier: MIT
// Promises that another thread settles, drops, or still has when the loop closes.
#include <interloop/remote_promise.hpp>

#include "support/counted.hpp"
#include "support/loops.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace interloop::test {
namespace {

class remote_promise_on : public ::testing::TestWithParam<std::string> {
 protected:
  ~remote_promise_on() override {
    native.reset();
    EXPECT_EQ(counted::alive(), 0);
  }
  // Calls `fn` with a remote promise in another thread, while the loop runs; returns its future when that is completed.
  template <class T, class F>
  future<T> in_a_thread(F fn) {
    promise<T> end(native->core(), [held = counted()] {});
    future<T> made = end.get_future();
    std::thread other([remote = remote_promise<T>(std::move(end)), fn]() mutable { fn(std::move(remote)); });
    run_until(native->core(), [&] { return is_called(made); });
    other.join();
    return made;
  }

  std::unique_ptr<native_loop> native = make_loop(GetParam());
};
INSTANTIATE_TEST_SUITE_P(every, remote_promise_on, ::testing::ValuesIn(loop_names()),
                         [](const auto& each) { return each.param; });

TEST_P(remote_promise_on, another_thread_settles_the_promise) {
  EXPECT_EQ(*in_a_thread<std::unique_ptr<int>>([](auto remote) { remote.resolve(std::make_unique<int>(7)); }).value(),
            7);
  in_a_thread<void>([](auto remote) { remote.resolve(); }).value();
  const auto rejected = in_a_thread<int>([](auto remote) { remote.reject(std::out_of_range("no such row")); });
  EXPECT_TRUE(rejected.get_failure()->template is<std::out_of_range>());
  const auto cancelled = in_a_thread<int>([](auto remote) { remote.cancelled("stopped"); });
  EXPECT_TRUE(cancelled.get_failure()->template is<cancelled_error>());
}

TEST_P(remote_promise_on, a_value_that_nobody_else_needs_is_moved_all_the_way) {
  counted::reset_copies();
  const auto takes = [](api, future<counted> from) -> future<int> { co_return (co_await std::move(from)).value; };
  promise<counted> end(native->core());
  const auto taken = takes(api(native->core()), end.get_future());
  std::thread([remote = remote_promise<counted>(std::move(end))]() mutable { remote.resolve(counted(7)); }).join();
  run_until(native->core(), [&] { return is_called(taken); });
  EXPECT_EQ(taken.value(), 7);
  EXPECT_EQ(counted::copies(), 0);
}

TEST_P(remote_promise_on, another_thread_drops_the_promise) {
  const auto dropped = in_a_thread<int>([](auto) {});
  EXPECT_TRUE(dropped.get_failure()->template is<broken_promise>());
}

TEST_P(remote_promise_on, a_pointer_can_hold_a_promise) {
  const auto made = in_a_thread<int>([](auto remote) {
    void* data = remote.release();
    EXPECT_FALSE(remote.resolve(1));
    EXPECT_TRUE(remote_promise<int>::adopt(data).resolve(2));
    EXPECT_FALSE(remote_promise<int>::adopt(nullptr).resolve(3));
  });
  EXPECT_EQ(made.value(), 2);
}

TEST_P(remote_promise_on, settling_a_future_that_was_cancelled_does_nothing) {
  promise<int> end(native->core());
  const auto made = end.get_future();
  remote_promise<int> remote(std::move(end));
  cancel(made);
  bool over = false;
  std::thread other([&, posts = native->core().remote()] {
    EXPECT_TRUE(remote.resolve(1));
    posts.post([&] { over = true; });
  });
  run_until(native->core(), [&] { return over; });
  other.join();
  EXPECT_TRUE(made.get_failure()->is<cancelled_error>());
}

TEST_P(remote_promise_on, one_that_outlives_the_loop_can_be_settled_and_dropped) {
  std::vector<remote_promise<counted>> remotes;
  for (int i = 0; i < 2; ++i) remotes.emplace_back(promise<counted>(native->core(), [held = counted()] {}));
  native->drop_owner();
  std::thread([&] {
    EXPECT_FALSE(remotes[0].resolve(counted(1)));
    remotes.clear();
  }).join();
}

TEST_P(remote_promise_on, many_threads_settle_while_the_loop_closes) {
  for (int round = 0; round < 20; ++round) {
    const auto under_test = make_loop(GetParam());
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([remote = remote_promise<counted>(promise<counted>(under_test->core())), i]() mutable {
        if (i % 2 == 0) remote.resolve(counted(i));
      });
    }
    under_test->drop_owner();
    for (std::thread& each : threads) each.join();
  }
}

}  // namespace
}  // namespace interloop::test
