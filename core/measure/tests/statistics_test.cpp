// SPDX-License-Identifier: MIT
#include <interloop/statistics.hpp>

#include "support/loop_test.hpp"
#include "support/loops.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <numeric>
#include <string>
#include <thread>

namespace interloop {
namespace {

using namespace std::chrono_literals;

using statistics_test = test::loop_test;

std::uint64_t all_of(const lateness_histogram& late) {
  return std::accumulate(late.counts.begin(), late.counts.end(), std::uint64_t{0});
}

TEST_F(statistics_test, callables_timers_and_turns_are_counted) {
  const loop_statistics before = statistics(*manual);
  for (int i = 0; i < 5; ++i) io.call_soon([] {});
  const auto answer = io.create_future<int>();
  add_callbacks(answer, [](int) {});
  add_callbacks(answer, [](int) {});
  resolve(answer, 1);
  io.call_later(1ms, [] {});
  io.call_later(2ms, [] {});
  io.call_later(1h, [] {}).cancel();
  manual.advance(1s);
  const loop_statistics after = statistics(*manual);
  EXPECT_EQ(after.loop, "manual");
  EXPECT_EQ(after.callbacks - before.callbacks, 5U + 1U + 2U);
  EXPECT_EQ(after.timers - before.timers, 2U);
  EXPECT_EQ(after.turns, manual->turns());
  EXPECT_GE(after.turns - before.turns, 3U);
  EXPECT_GE(after.wake_ups, 1U);
  EXPECT_EQ(after.longest_generation, 6U);
  EXPECT_EQ(all_of(after.lateness), after.timers);
  EXPECT_EQ(after.lateness.counts[0], after.timers) << "this clock stops at each timer";
}

TEST_F(statistics_test, a_callable_that_throws_is_counted) {
  for (int i = 0; i < 3; ++i) io.call_soon([] { throw std::runtime_error("no"); });
  const std::uint64_t before = statistics(*manual).callbacks;
  manual.run_ready();
  EXPECT_EQ(statistics(*manual).callbacks - before, 3U);
  EXPECT_EQ(taken_reports().size(), 3U);
}

TEST_F(statistics_test, what_waits_is_counted) {
  for (int i = 0; i < 1000; ++i) io.call_soon([big = std::array<char, 100>()] { static_cast<void>(big); });
  const auto never = io.create_future<int>();
  const timer later = io.call_later(1h, [] {});
  const loop_hold hold = manual->hold();
  std::thread([remote = manual->remote()] {
    for (int i = 0; i < 7; ++i) remote.post([] {});
  }).join();
  const loop_statistics now = statistics(*manual);
  EXPECT_EQ(now.queued, 1000U);
  EXPECT_EQ(now.posts_waiting, 7U);
  EXPECT_EQ(now.pending_futures, 1U);
  EXPECT_EQ(now.pending_timers, 1U);
  EXPECT_EQ(now.holds, 1U);
  EXPECT_EQ(now.watches, 0U);
  EXPECT_EQ(now.posts, 7U);
  EXPECT_EQ(now.wake_ups_by_posts, 1U);
  manual.run_ready();
  const loop_statistics then = statistics(*manual);
  EXPECT_EQ(then.queued, 0U);
  EXPECT_EQ(then.posts_waiting, 0U);
  EXPECT_EQ(then.callbacks - now.callbacks, 1007U);
  EXPECT_EQ(then.longest_generation, 1000U);
  cancel(never);
}

TEST_F(statistics_test, a_closed_loop_keeps_its_counts) {
  io.call_soon([] {});
  manual.run_ready();
  manual->close();
  EXPECT_EQ(statistics(*manual).callbacks, 1U);
}

TEST_F(statistics_test, turns_are_timed_if_asked_for) {
  const auto spin = [] {
    const auto end = std::chrono::steady_clock::now() + 2ms;
    while (std::chrono::steady_clock::now() < end) continue;
  };
  io.call_soon(spin);
  manual.run_ready();
  EXPECT_EQ(statistics(*manual).longest_turn, 0ns);
  time_turns(*manual, true);
  io.call_soon(spin);
  manual.run_ready();
  EXPECT_GE(statistics(*manual).longest_turn, 1900us);
  time_turns(*manual, false);
  EXPECT_EQ(statistics(*manual).longest_turn, 0ns);
}

TEST_F(statistics_test, switched_on_and_off_inside_a_turn) {
  io.call_soon([this] { time_turns(*manual, true); });
  io.call_soon([this] { time_turns(*manual, false); });
  io.call_soon([this] { time_turns(*manual, true); });
  manual.run_ready();
  EXPECT_EQ(statistics(*manual).longest_turn, 0ns) << "this turn had no beginning";
}

TEST(lateness_test, limits_double) {
  EXPECT_EQ(lateness_histogram::limit(0), 1us);
  EXPECT_EQ(lateness_histogram::limit(10), 1024us);
  EXPECT_EQ(lateness_histogram::limit(23), 1us * (1 << 23));
  EXPECT_EQ(lateness_histogram::limit(24), (duration::max)());
}

loop_statistics example() {
  loop_statistics all;
  all.loop = "mine";
  all.turns = 12;
  all.callbacks = 40;
  all.timers = 3;
  all.posts = 4;
  all.wake_ups = 9;
  all.wake_ups_by_posts = 2;
  all.longest_generation = 17;
  all.longest_turn = 1500us;
  all.lateness.counts[0] = 1;
  all.lateness.counts[24] = 2;
  all.lateness.sum = 60s;
  all.queued = 5;
  all.pending_futures = 6;
  return all;
}

TEST(statistics_text_test, a_line) {
  EXPECT_EQ(to_text(example()),
            "mine: 12 turns, 40 callbacks, 3 timers, 4 posts, 9 wake-ups, 17 in the longest generation, longest turn "
            "1.5 ms, timers late by 20 s on average; now 5 queued, 0 posted, 0 timers, 6 futures, 0 watches, 0 holds");
}

TEST(statistics_text_test, json) {
  const std::string text = to_json(example());
  EXPECT_TRUE(text.starts_with(R"({"loop":"mine","turns":12,"callbacks":40,"timers":3,"posts":4,"wake_ups":9,)"
                               R"("wake_ups_by_posts":2,"longest_generation":17,"longest_turn":1500000,)"
                               R"("lateness":{"sum":60000000000,"limits":[1000,2000,4000,)"))
      << text;
  EXPECT_TRUE(text.ends_with(R"(,0,0,2]},"queued":5,"posts_waiting":0,"pending_timers":0,"pending_futures":6,)"
                             R"("watches":0,"holds":0})"))
      << text;
}

TEST(statistics_text_test, prometheus) {
  const std::string text = to_prometheus(example(), "a \"loop\"\\\n");
  const std::string label = R"({loop="a \"loop\"\\\n"})";
  EXPECT_NE(text.find("# HELP interloop_turns_total Turns of the loop and events of watches.\n"
                      "# TYPE interloop_turns_total counter\n"
                      "interloop_turns_total" +
                      label + " 12\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(R"(,le="1e-06"} 1)"), std::string::npos) << text;
  EXPECT_NE(text.find(R"(,le="+Inf"} 3)"), std::string::npos) << text;
  EXPECT_NE(text.find("interloop_timer_lateness_seconds_sum" + label + " 60\n"), std::string::npos) << text;
  EXPECT_NE(to_prometheus(example()).find("{loop=\"mine\"}"), std::string::npos);
}

class statistics_loops_test : public ::testing::TestWithParam<std::string> {};

TEST_P(statistics_loops_test, the_same_numbers_on_every_loop) {
  const auto under_test = test::make_loop(GetParam());
  loop& core = under_test->core();
  const loop_statistics before = statistics(core);
  int left = 30;
  std::thread other([remote = core.remote(), &left] {
    for (int i = 0; i < 10; ++i) remote.post([&left] { --left; });
  });
  for (int i = 0; i < 10; ++i) core.call_soon([&left] { --left; });
  for (int i = 0; i < 10; ++i) core.call_later(1ms, [&left] { --left; });
  other.join();
  test::run_until(core, [&] { return left == 0; });
  const loop_statistics after = statistics(core);
  EXPECT_EQ(after.posts - before.posts, 10U);
  EXPECT_GE(after.timers - before.timers, 10U);
  EXPECT_GE(after.callbacks - before.callbacks, 30U);
  EXPECT_GE(after.turns - before.turns, 1U);
  EXPECT_GE(after.wake_ups, 1U);
  EXPECT_EQ(all_of(after.lateness), after.timers);
  EXPECT_EQ(after.posts_waiting, 0U);
}

INSTANTIATE_TEST_SUITE_P(every, statistics_loops_test, ::testing::ValuesIn(test::loop_names()),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace interloop
