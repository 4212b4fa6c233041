// SPDX-License-Identifier: MIT
#include <interloop/detail/timer_queue.hpp>

#include "support/counted.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>
#include <vector>

namespace interloop::detail {
namespace {

using test::at_destruction;
using test::counted;

constexpr std::int64_t tick = std::int64_t{1} << 20;
constexpr std::int64_t start = std::int64_t{1000} * 3600 * 1'000'000'000;

class timer_queue_test : public ::testing::Test {
 protected:
  struct handle {
    timer_node* node;
    std::uint64_t sequence;
  };
  handle add(std::int64_t deadline, int name) {
    timer_node* node = queue.schedule(deadline, [this, name, held = counted(name)] { ran.push_back(name); });
    return {node, node->sequence};
  }
  bool cancel(handle h) { return queue.cancel(h.node, h.sequence); }
  void run_until(std::int64_t now) {
    const std::uint64_t limit = queue.limit();
    while (timer_node* due = queue.take_due(now, limit)) queue.run(due);
  }
  // Like a loop: looks only when the queue says so, and records when each timer ran.
  void run_by_looks(std::int64_t until, std::vector<std::int64_t>& looks) {
    while (!queue.empty()) {
      const std::int64_t next = queue.next_look();
      if (next > until) break;
      looks.push_back(next);
      run_until(next);
    }
  }
  void TearDown() override {
    queue.clear();
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(counted::alive(), 0);
  }

  std::vector<int> ran;
  timer_queue queue{start};
};

TEST_F(timer_queue_test, fires_in_the_order_of_deadlines) {
  add(start + 30, 3);
  add(start + 10, 1);
  add(start + 20, 2);
  run_until(start + 30);
  EXPECT_EQ(ran, (std::vector{1, 2, 3}));
}

TEST_F(timer_queue_test, equal_deadlines_fire_in_the_order_they_were_made) {
  for (const std::int64_t at : {start + 5, start + 5 * tick, start + 5000 * tick})
    for (int i = 0; i < 20; ++i) add(at, i);
  run_until(start + 5000 * tick);
  ASSERT_EQ(ran.size(), 60u);
  for (std::size_t i = 0; i < 60; ++i) EXPECT_EQ(ran[i], static_cast<int>(i % 20));
}

TEST_F(timer_queue_test, a_timer_never_fires_before_its_deadline) {
  const std::int64_t at = start + 100 * tick + 7;
  add(at, 1);
  run_until(at - 1);
  EXPECT_TRUE(ran.empty());
  run_until(at);
  EXPECT_EQ(ran, std::vector{1});
}

TEST_F(timer_queue_test, deadlines_on_every_level_of_the_wheel_fire_in_order_and_on_time) {
  std::vector<std::int64_t> deadlines;
  for (int level = 0; level < 7; ++level)
    for (const std::int64_t steps : {1, 2, 31, 62, 63})
      for (const std::int64_t off : {-1, 0, 1}) deadlines.push_back(start + (steps << (6 * level)) * tick + off);
  for (std::size_t i = deadlines.size(); i-- > 0;) add(deadlines[i], static_cast<int>(i));
  std::sort(deadlines.begin(), deadlines.end());
  for (const std::int64_t at : deadlines) {
    const std::size_t before = ran.size();
    run_until(at - 1);
    const std::size_t early = ran.size();
    run_until(at);
    EXPECT_TRUE(early == before || deadlines[before] < at) << "at " << at;
    EXPECT_GT(ran.size(), before == early ? early : before);
  }
  EXPECT_EQ(ran.size(), deadlines.size());
}

TEST_F(timer_queue_test, next_look_is_never_later_than_the_earliest_deadline) {
  std::vector<std::int64_t> looks;
  const std::int64_t far = start + (std::int64_t{5} << 24) * tick;
  for (int i = 0; i < 100; ++i) add(far + i * 1000 * tick, i);
  add(start + 3, 1000);
  run_by_looks(std::numeric_limits<std::int64_t>::max(), looks);
  EXPECT_EQ(ran.size(), 101u);
  EXPECT_EQ(ran.front(), 1000);
  EXPECT_EQ(ran.back(), 99);
}

TEST_F(timer_queue_test, a_lone_timer_is_looked_at_once_at_its_deadline) {
  const std::int64_t at = start + (std::int64_t{3} << 30) * tick / 7;
  add(at, 1);
  EXPECT_EQ(queue.next_look(), at);
  std::vector<std::int64_t> looks;
  run_by_looks(at, looks);
  EXPECT_EQ(looks, std::vector{at});
}

TEST_F(timer_queue_test, the_farthest_deadline_waits_and_disturbs_nobody) {
  const handle never = add(std::numeric_limits<std::int64_t>::max(), 1);
  add(start + tick * 3, 2);
  run_until(start + tick * 100000);
  EXPECT_EQ(ran, std::vector{2});
  EXPECT_TRUE(timer_queue::waiting(never.node, never.sequence));
  EXPECT_TRUE(cancel(never));
}

TEST_F(timer_queue_test, a_deadline_in_the_past_counts_as_the_last_look) {
  run_until(start + 100);
  add(start + 100, 1);
  add(start + 10, 2);
  run_until(start + 100);
  EXPECT_EQ(ran, (std::vector{1, 2}));
}

TEST_F(timer_queue_test, timers_made_while_due_ones_are_taken_wait_for_the_next_limit) {
  const std::uint64_t limit = queue.limit();
  add(start, 1);
  EXPECT_EQ(queue.take_due(start, limit), nullptr);
  run_until(start);
  EXPECT_EQ(ran, std::vector{1});
}

TEST_F(timer_queue_test, a_timer_that_is_moved_later_fires_then_and_hides_no_earlier_one) {
  const handle moved = add(start + 5 * tick, 1);
  add(start + 700 * tick, 2);
  EXPECT_FALSE(queue.move(moved.node, start + 100'000 * tick));
  EXPECT_EQ(queue.next_look(), start + 700 * tick);
  run_until(start + 700 * tick);
  EXPECT_EQ(ran, std::vector{2});
  run_until(start + 100'000 * tick - 1);
  EXPECT_EQ(ran, std::vector{2});
  run_until(start + 100'000 * tick);
  EXPECT_EQ(ran, (std::vector{2, 1}));
}

TEST_F(timer_queue_test, near_timers_that_are_moved_there_and_back_fire_once) {
  std::vector<handle> all;
  for (int i = 0; i < 300; ++i) all.push_back(add(start + 100 + i, i));
  for (int round = 0; round < 50; ++round) {
    for (const handle& each : all) EXPECT_TRUE(queue.move(each.node, start + 50 - round));
    for (const handle& each : all) EXPECT_FALSE(queue.move(each.node, start + (round % 2 ? 400 : 9 * tick)));
  }
  EXPECT_TRUE(cancel(all.back()));
  run_until(start + 8 * tick);
  EXPECT_EQ(ran.size(), 299u);
  EXPECT_TRUE(std::is_sorted(ran.begin(), ran.end()));
}

TEST_F(timer_queue_test, moving_without_end_uses_bounded_memory) {
  const handle one = add(start + 1000, 1);
  for (int i = 0; i < 1'000'000; ++i) queue.move(one.node, start + (i % 2 ? 900 : 10 + i % 3));
  run_until(start + 1000);
  EXPECT_EQ(ran, std::vector{1});
  EXPECT_EQ(queue.next_look(), std::numeric_limits<std::int64_t>::max()) << "no entry is left";
}

TEST_F(timer_queue_test, cancelling_destroys_the_callable_at_once_and_is_idempotent) {
  const handle near = add(start + 5, 1);
  const handle far = add(start + 5000 * tick, 2);
  EXPECT_EQ(counted::alive(), 2);
  EXPECT_TRUE(cancel(far));
  EXPECT_EQ(counted::alive(), 1);
  EXPECT_TRUE(cancel(near));
  EXPECT_EQ(counted::alive(), 0);
  EXPECT_FALSE(cancel(near));
  EXPECT_FALSE(cancel(far));
  EXPECT_TRUE(queue.empty());
}

TEST_F(timer_queue_test, a_handle_of_a_fired_timer_does_not_cancel_the_one_that_reuses_its_node) {
  const handle first = add(start + 1, 1);
  run_until(start + 1);
  const handle second = add(start + 2, 2);
  ASSERT_EQ(first.node, second.node) << "this test needs the node to be reused";
  EXPECT_FALSE(cancel(first));
  run_until(start + 2);
  EXPECT_EQ(ran, (std::vector{1, 2}));
}

TEST_F(timer_queue_test, cancelled_timers_among_near_ones_leave_the_order_of_the_others) {
  std::vector<handle> handles;
  for (int i = 0; i < 1000; ++i) handles.push_back(add(start + (i * 37) % 1000, (i * 37) % 1000));
  for (std::size_t i = 0; i < 1000; ++i)
    if (i % 10 != 0) cancel(handles[i]);
  EXPECT_EQ(queue.size(), 100u);
  run_until(start + 1000);
  ASSERT_EQ(ran.size(), 100u);
  EXPECT_TRUE(std::is_sorted(ran.begin(), ran.end()));
}

TEST_F(timer_queue_test, making_and_cancelling_without_end_uses_bounded_memory) {
  for (int i = 0; i < 100'000; ++i) cancel(add(start + i % 7, i));
  for (int i = 0; i < 100'000; ++i) cancel(add(start + (i % 1000) * tick, i));
  EXPECT_TRUE(queue.empty());
}

TEST_F(timer_queue_test, a_timer_can_cancel_another_one_that_is_due_at_the_same_time) {
  handle second{};
  queue.schedule(start + 1, [&] { cancel(second); });
  second = add(start + 1, 2);
  run_until(start + 1);
  EXPECT_TRUE(ran.empty());
  EXPECT_TRUE(queue.empty());
}

TEST_F(timer_queue_test, an_exception_of_a_callable_passes_through_and_its_node_is_free) {
  queue.schedule(start + 1, [held = counted(1)] { throw std::runtime_error("escapes"); });
  timer_node* due = queue.take_due(start + 1, queue.limit());
  EXPECT_THROW(queue.run(due), std::runtime_error);
  EXPECT_EQ(counted::alive(), 0);
  EXPECT_TRUE(queue.empty());
}

TEST_F(timer_queue_test, large_callables_and_callables_that_throw_when_copied_work) {
  queue.schedule(start + 1,
                 [this, pad = std::array<int, 100>{}, held = counted(4)] { ran.push_back(held.value + pad[0]); });
  struct throws {
    throws() = default;
    throws(const throws&) { throw std::runtime_error("copy"); }
    void operator()() const {}
  };
  const throws bad;
  EXPECT_THROW(queue.schedule(start + 1, bad), std::runtime_error);
  EXPECT_EQ(queue.size(), 1u);
  run_until(start + 1);
  EXPECT_EQ(ran, std::vector{4});
}

TEST_F(timer_queue_test, clear_destroys_everything_once_near_and_far) {
  for (int i = 0; i < 500; ++i) add(start + i * i * tick, i);
  for (int i = 0; i < 500; ++i) add(start + i, i);
  queue.clear();
  EXPECT_EQ(counted::alive(), 0);
  EXPECT_TRUE(queue.empty());
  EXPECT_TRUE(ran.empty());
}

TEST_F(timer_queue_test, clear_copes_with_destructors_that_cancel_others) {
  for (const std::int64_t apart : {std::int64_t{1}, tick, 70 * tick}) {
    std::vector<handle> others;
    for (int i = 0; i < 200; ++i) {
      queue.schedule(start + i * apart, [guard = at_destruction([this, &others] {
                                           for (const handle& each : others) cancel(each);
                                         }),
                                         held = counted(i)] {});
      others.push_back(add(start + (i * 31 % 200) * apart, i));
    }
    queue.clear();
    EXPECT_EQ(counted::alive(), 0);
    EXPECT_TRUE(queue.empty());
  }
}

TEST_F(timer_queue_test, a_cleared_queue_can_be_used_again) {
  add(start + 5000 * tick, 1);
  queue.clear();
  add(start + 4000 * tick, 2);
  run_until(start + 5000 * tick);
  EXPECT_EQ(ran, std::vector{2});
}

TEST_F(timer_queue_test, looks_far_apart_catch_up_over_all_levels_at_once) {
  for (int i = 0; i < 300; ++i) add(start + i * 997 * tick, i);
  run_until(start + 1000 * 997 * tick);
  ASSERT_EQ(ran.size(), 300u);
  EXPECT_TRUE(std::is_sorted(ran.begin(), ran.end()));
}

}  // namespace
}  // namespace interloop::detail
