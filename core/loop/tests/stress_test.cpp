// SPDX-License-Identifier: MIT
// Large numbers, and many threads: nothing is lost, and orders are kept.
#include "support/counted.hpp"
#include "support/loops.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace interloop::test {
namespace {

using namespace std::chrono_literals;

constexpr int million = 1'000'000;
constexpr int threads = 8;
constexpr int posts_per_thread = 100'000;

TEST(stress_test, a_million_timers_fire_in_order_once_except_the_cancelled_ones) {
  testing::manual_loop manual;
  std::mt19937 random(1);
  std::vector<timer> cancelled;
  int fired = 0;
  int disordered = 0;
  time_point last = manual->now();
  for (int i = 0; i < million; ++i) {
    const time_point when = manual->now() + std::chrono::microseconds(random() % 3'600'000'000U);
    timer t = manual->call_at(when, [&, when] {
      ++fired;
      if (when < last || manual->now() < when) ++disordered;
      last = when;
    });
    if (i % 2 == 0) cancelled.push_back(std::move(t));
  }
  for (timer& each : cancelled) each.cancel();
  cancelled.clear();
  manual.advance(1h);
  EXPECT_EQ(fired, million / 2);
  EXPECT_EQ(disordered, 0);
}

TEST(stress_test, a_million_futures_call_back_in_the_order_of_completion) {
  testing::manual_loop manual;
  const api io(*manual);
  std::vector<future<int>> all;
  all.reserve(million);
  int next = 0;
  int disordered = 0;
  for (int i = 0; i < million; ++i) {
    all.push_back(io.create_future<int>());
    add_callbacks(all.back(), [&, held = counted()](int value) {
      if (value != next++) ++disordered;
    });
  }
  for (int i = 0; i < million; ++i) resolve(all[static_cast<std::size_t>(i)], i);
  all.clear();
  manual.run_ready();
  EXPECT_EQ(next, million);
  EXPECT_EQ(disordered, 0);
  EXPECT_EQ(counted::alive(), 0);
}

TEST(stress_test, a_chain_of_a_hundred_thousand_awaits_needs_no_stack) {
  testing::manual_loop manual;
  const api io(*manual);
  const future<int> first = io.create_future<int>();
  const auto waits = [](api, future<int> from) -> future<int> { co_return 1 + co_await from; };
  future<int> last = first;
  for (int i = 0; i < 100'000; ++i) last = waits(io, std::move(last));
  resolve(first, 0);
  manual.run_ready();
  EXPECT_EQ(last.value(), 100'000);
}

class post_stress_test : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { core = &under_test_->core(); }
  void TearDown() override {
    under_test_->drop_owner();
    EXPECT_EQ(counted::alive(), 0);
  }
  loop* core = nullptr;

 private:
  std::unique_ptr<native_loop> under_test_ = make_loop(GetParam());
};

TEST_P(post_stress_test, eight_threads_post_and_nothing_is_lost_or_reordered) {
  std::vector<int> next(threads, 0);
  int disordered = 0;
  int arrived = 0;
  const loop_hold hold = core->hold();
  std::vector<std::thread> posters;
  for (std::size_t t = 0; t < threads; ++t)
    posters.emplace_back([&, t, remote = core->remote()] {
      for (int i = 0; i < posts_per_thread; ++i)
        remote.post([&, t, i, held = counted()] {
          if (next[t]++ != i) ++disordered;
          if (++arrived == threads * posts_per_thread) core->stop();
        });
    });
  core->run();
  for (auto& each : posters) each.join();
  EXPECT_EQ(arrived, threads * posts_per_thread);
  EXPECT_EQ(disordered, 0);
}

TEST_P(post_stress_test, posting_races_with_closing_and_every_callable_is_destroyed_once_in_the_loops_thread) {
  std::atomic<int> refused{0};
  std::atomic<int> ran_after_close{0};
  int arrived = 0;
  const std::thread::id here = std::this_thread::get_id();
  std::vector<std::thread> posters;
  for (int t = 0; t < threads; ++t)
    posters.emplace_back([&, remote = core->remote()] {
      try {
        for (;;)
          remote.post([&, held = std::make_unique<counted>()] {
            if (std::this_thread::get_id() != here || core->closed()) ++ran_after_close;
            if (++arrived == 1000) core->close();
          });
      } catch (const loop_closed&) {
        ++refused;
      }
    });
  {
    const loop_hold hold = core->hold();
    core->run();
  }
  for (auto& each : posters) each.join();
  EXPECT_EQ(refused, threads);
  EXPECT_EQ(arrived, 1000);
  EXPECT_EQ(ran_after_close, 0);
}

TEST_P(post_stress_test, remotes_of_a_loop_that_is_gone_refuse_from_every_thread) {
  std::vector<loop_remote> remotes;
  {
    const auto gone = make_loop(GetParam());
    for (int i = 0; i < threads; ++i) remotes.push_back(gone->core().remote());
    gone->drop_owner();
  }
  std::vector<std::thread> posters;
  for (const loop_remote& each : remotes)
    posters.emplace_back([each] { EXPECT_THROW(each.post([held = counted()] {}), loop_closed); });
  for (auto& each : posters) each.join();
}

INSTANTIATE_TEST_SUITE_P(every_loop, post_stress_test, ::testing::ValuesIn(loop_names()),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace interloop::test
