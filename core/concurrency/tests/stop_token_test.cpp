// SPDX-License-Identifier: MIT
// Stops that are requested in other threads, on every loop, and stops that futures cause.
#include <interloop/interloop.hpp>
#include <interloop/stop_token.hpp>

#include "support/loop_test.hpp"
#include "support/loops.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

namespace interloop {
namespace {

using namespace std::chrono_literals;

class stop_token_test : public test::loop_test {};

TEST_F(stop_token_test, a_stop_cancels_the_future_in_a_later_turn) {
  std::stop_source source;
  int cancelled = 0;
  const auto f = create_future<int>([&] { ++cancelled; });
  cancel_on_stop(f, source.get_token());
  source.request_stop();
  EXPECT_FALSE(is_called(f));
  manual.run_ready();
  EXPECT_EQ(cancelled, 1);
  EXPECT_EQ(f.get_failure()->message(), "a stop was requested");
}

TEST_F(stop_token_test, a_stop_that_was_requested_before_cancels_too) {
  std::stop_source source;
  source.request_stop();
  const auto f = create_future<int>();
  cancel_on_stop(f, source.get_token());
  manual.run_ready();
  EXPECT_TRUE(f.get_failure()->is<cancelled_error>());
}

TEST_F(stop_token_test, a_stop_after_the_end_does_nothing_and_the_connection_is_gone) {
  std::stop_source source;
  auto f = create_future<int>();
  auto dropped = create_future<int>();
  cancel_on_stop(f, source.get_token());
  cancel_on_stop(dropped, source.get_token());
  cancel_on_stop(create_future<int>(1), source.get_token());
  cancel_on_stop(dropped, std::stop_token());
  resolve(f, 1);
  dropped = {};
  source.request_stop();
  manual.run_ready();
  EXPECT_EQ(f.value(), 1);
}

TEST_F(stop_token_test, the_value_is_moved_to_its_only_callback_all_the_same) {
  std::stop_source source;
  auto f = create_future<test::counted>();
  cancel_on_stop(f, source.get_token());
  const auto token = stop_token_of(f);
  test::counted::reset_copies();
  add_callbacks(f, [](test::counted&&) {});
  resolve(f, test::counted(1));
  f = {};
  manual.run_ready();
  EXPECT_EQ(test::counted::copies(), 0);
  EXPECT_FALSE(token.stop_requested());
}

TEST_F(stop_token_test, a_closed_loop_is_not_told) {
  std::stop_source source;
  const auto f = create_future<int>();
  cancel_on_stop(f, source.get_token());
  manual->close();
  source.request_stop();
  EXPECT_TRUE(f.get_failure()->is<loop_closed>());
}

TEST_F(stop_token_test, the_token_of_a_future_is_stopped_when_nobody_needs_the_value) {
  const auto cancelled = create_future<int>();
  auto dropped = create_future<int>();
  const auto failed = create_future<int>();
  const auto resolved = create_future<int>();
  const auto closed = create_future<int>();
  const std::stop_token tokens[] = {stop_token_of(cancelled), stop_token_of(dropped), stop_token_of(failed),
                                    stop_token_of(resolved), stop_token_of(closed)};
  cancel(cancelled);
  dropped = {};
  reject(failed, std::runtime_error("x"));
  static_cast<void>(failed.get_failure());
  resolve(resolved, 1);
  manual.run_ready();
  EXPECT_TRUE(tokens[0].stop_requested());
  EXPECT_TRUE(tokens[1].stop_requested());
  EXPECT_FALSE(tokens[2].stop_requested());
  EXPECT_FALSE(tokens[3].stop_requested());
  EXPECT_FALSE(tokens[4].stop_requested());
  EXPECT_TRUE(stop_token_of(cancelled).stop_requested());
  EXPECT_FALSE(stop_token_of(resolved).stop_requested());
  manual->close();
  EXPECT_TRUE(tokens[4].stop_requested());
}

TEST_F(stop_token_test, a_token_and_a_stop_can_be_connected_in_a_ring) {
  const auto first = create_future<int>();
  const auto second = create_future<int>();
  cancel_on_stop(second, stop_token_of(first));
  cancel_on_stop(first, stop_token_of(second));
  cancel(first);
  manual.run_ready();
  EXPECT_TRUE(second.get_failure()->is<cancelled_error>());
}

class stop_in_threads_test : public ::testing::TestWithParam<std::string> {};

TEST_P(stop_in_threads_test, stops_of_another_thread_and_completions_race_without_harm) {
  const auto under_test = test::make_loop(GetParam());
  loop& core = under_test->core();
  const api io(core);
  constexpr int rounds = 200;
  std::vector<std::stop_source> sources(rounds);
  std::vector<future<int>> futures;
  std::atomic<int> next{0};
  for (auto& each : sources) {
    futures.push_back(io.create_future<int>());
    cancel_on_stop(futures.back(), each.get_token());
  }
  std::jthread stopper([&] {
    for (auto& each : sources) {
      each.request_stop();
      ++next;
    }
  });
  int completed = 0;
  std::function<void()> complete = [&] {
    while (completed < rounds && completed <= next.load() + 1) {
      const auto& f = futures[static_cast<std::size_t>(completed++)];
      if (!is_called(f) && completed % 2 == 0) resolve(f, 1);
    }
    if (completed < rounds) io.call_soon(complete);
  };
  io.call_soon(complete);
  test::run_until(core, [&] {
    if (completed < rounds) return false;
    for (const auto& each : futures)
      if (!is_called(each)) return false;
    return true;
  });
  for (int i = 0; i < rounds; i += 2)
    EXPECT_TRUE(futures[static_cast<std::size_t>(i)].get_failure()->is<cancelled_error>());
}

TEST_P(stop_in_threads_test, a_loop_may_be_closed_while_a_stop_is_requested) {
  const auto under_test = test::make_loop(GetParam());
  std::vector<std::stop_source> sources(50);
  std::vector<future<int>> futures;
  for (auto& each : sources) {
    futures.push_back(with_config(under_test->core()).create_future<int>());
    cancel_on_stop(futures.back(), each.get_token());
  }
  std::jthread stopper([&] {
    for (auto& each : sources) each.request_stop();
  });
  under_test->drop_owner();
  stopper.join();
  for (const auto& each : futures) EXPECT_TRUE(each.get_failure()->is<loop_closed>());
}

INSTANTIATE_TEST_SUITE_P(every_loop, stop_in_threads_test, ::testing::ValuesIn(test::loop_names()),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace interloop
