// SPDX-License-Identifier: MIT
#include <interloop/batched_timer.hpp>

#include "support/loop_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <set>
#include <stdexcept>
#include <vector>

namespace interloop {
namespace {

using namespace std::chrono_literals;
using test::at_destruction;
using test::counted;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The manual clock starts at a whole number of hours, so buckets of a second begin at whole seconds from the start.
class batched_timer_test : public test::loop_test {
 protected:
  auto note(int name) {
    return [this, name] { order.push_back(name); };
  }
  // The number of turns of the clock until nothing is armed, and their times.
  std::vector<duration> wake_ups(duration longest) {
    std::vector<duration> all;
    manual.run_ready();
    while (manual.next_alarm() <= start + longest) {
      all.push_back(manual.next_alarm() - start);
      manual.advance(manual.next_alarm() - manual->now());
    }
    return all;
  }
  const time_point start = manual->now();
  std::vector<int> order;
};

TEST_F(batched_timer_test, calls_of_one_bucket_fire_together_at_its_end_in_the_order_they_were_made) {
  auto batched = make_batched_timer(1s, 100);
  batched.call_later(1900ms, note(1));
  batched.call_later(1100ms, note(2));
  batched.call_later(2000ms, note(3));
  manual.advance(1999ms);
  EXPECT_THAT(order, IsEmpty());
  manual.advance(1ms);
  EXPECT_THAT(order, ElementsAre(1, 2));
  manual.advance(1s);
  EXPECT_THAT(order, ElementsAre(1, 2, 3));
}

TEST_F(batched_timer_test, more_than_a_chunk_is_spread_evenly_over_the_bucket) {
  auto batched = make_batched_timer(1s, 10);
  std::vector<duration> fired;
  for (int i = 0; i < 40; ++i) batched.call_later(5500ms, [&] { fired.push_back(manual->now() - start); });
  manual.advance(1h);
  ASSERT_EQ(fired.size(), 40u);
  for (std::size_t i = 0; i < 40; ++i) EXPECT_EQ(fired[i], 5250ms + (i / 10) * 250ms) << i;
}

TEST_F(batched_timer_test, ten_thousand_calls_arm_one_native_timer_per_chunk) {
  auto batched = make_batched_timer(10s, 5000);
  int calls = 0;
  for (int i = 0; i < 10'000; ++i) batched.call_later(12s, [&] { ++calls; });
  EXPECT_THAT(wake_ups(1h), ElementsAre(15s, 20s));
  EXPECT_EQ(calls, 10'000);
}

TEST_F(batched_timer_test, buckets_of_milliseconds_and_delays_below_a_second_work) {
  auto batched = make_batched_timer(5ms, 100);
  std::vector<duration> fired;
  for (const auto delay : {1ms, 7ms, 12ms, 499ms})
    batched.call_later(delay, [&] { fired.push_back(manual->now() - start); });
  manual.advance(1s);
  EXPECT_THAT(fired, ElementsAre(5ms, 10ms, 15ms, 500ms));
}

TEST_F(batched_timer_test, buckets_of_fractions_of_a_second) {
  auto batched = make_batched_timer(std::chrono::duration<double>(0.25), 100);
  std::vector<duration> fired;
  batched.call_later(std::chrono::duration<double>(0.3), [&] { fired.push_back(manual->now() - start); });
  manual.advance(1s);
  EXPECT_THAT(fired, ElementsAre(500ms));
}

TEST_F(batched_timer_test, zero_and_negative_delays_fire_within_a_bucket_and_never_inside_the_call) {
  auto batched = make_batched_timer(1s, 1);
  batched.call_later(0s, note(1));
  batched.call_later(-5s, note(2));
  EXPECT_THAT(order, IsEmpty());
  manual.advance(1s);
  EXPECT_THAT(order, ElementsAre(1, 2));
}

TEST_F(batched_timer_test, delays_beyond_the_clock_never_fire_and_do_not_overflow) {
  auto batched = make_batched_timer(1h, 1);
  auto never = batched.call_later((duration::max)(), note(1));
  batched.call_later(std::chrono::duration<double>(1e300), note(2));
  auto wide = make_batched_timer((duration::max)(), 1);
  wide.call_later(1s, note(3));
  wide.call_later((duration::max)(), note(4));
  manual.advance(24h * 365);
  EXPECT_TRUE(never.active());
  EXPECT_TRUE(never.cancel());
}

TEST_F(batched_timer_test, a_call_may_be_added_to_the_bucket_that_is_running) {
  auto batched = make_batched_timer(1s, 2);
  for (int i = 0; i < 4; ++i)
    batched.call_later(1500ms, [&, i] {
      order.push_back(i);
      if (i == 0) batched.call_later(0s, note(10));
      if (i == 3) batched.call_later(0s, note(11));
    });
  manual.advance(2s);
  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3, 10));
  manual.advance(1s);
  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3, 10, 11));
}

TEST_F(batched_timer_test, cancelling_prevents_the_call_destroys_the_callable_and_is_idempotent) {
  auto batched = make_batched_timer(1s);
  auto call = batched.call_later(1s, [this, held = counted()] { order.push_back(1); });
  auto other = batched.call_later(1s, note(2));
  const auto copy = call;
  EXPECT_TRUE(call.cancel());
  EXPECT_EQ(counted::alive(), 0);
  EXPECT_FALSE(copy.active());
  EXPECT_FALSE(call.cancel());
  manual.advance(2s);
  EXPECT_THAT(order, ElementsAre(2));
  EXPECT_FALSE(other.cancel());
  EXPECT_FALSE(batched_call().cancel());
}

TEST_F(batched_timer_test, cancelling_all_of_them_leaves_no_timer) {
  auto batched = make_batched_timer(1s);
  std::vector<batched_call> calls;
  for (int i = 0; i < 100; ++i) calls.push_back(batched.call_later(std::chrono::seconds(i), note(i)));
  for (auto& each : calls) each.cancel();
  manual.run_ready();
  EXPECT_EQ(manual.next_alarm(), (time_point::max)());
}

TEST_F(batched_timer_test, cancelling_is_honoured_while_the_bucket_is_running) {
  auto batched = make_batched_timer(1s, 100);
  std::vector<batched_call> calls;
  for (int i = 0; i < 6; ++i)
    calls.push_back(batched.call_later(1s, [&, i] {
      order.push_back(i);
      EXPECT_FALSE(calls[static_cast<std::size_t>(i)].cancel()) << "it is running";
      if (i > 0) return;
      for (const std::size_t n : {1U, 3U, 5U}) EXPECT_TRUE(calls[n].cancel());
    }));
  manual.advance(2s);
  EXPECT_THAT(order, ElementsAre(0, 2, 4));
}

TEST_F(batched_timer_test, a_call_that_cancels_all_the_rest_of_its_bucket) {
  auto batched = make_batched_timer(1s, 2);
  std::vector<batched_call> calls;
  for (int i = 0; i < 6; ++i)
    calls.push_back(batched.call_later(1s, [&, i] {
      order.push_back(i);
      for (auto& each : calls) each.cancel();
    }));
  manual.advance(5s);
  EXPECT_THAT(order, ElementsAre(0));
}

TEST_F(batched_timer_test, one_failing_call_loses_no_other) {
  auto batched = make_batched_timer(1s, 3);
  for (int i = 0; i < 10; ++i)
    batched.call_later(1s, [&, i] {
      order.push_back(i);
      if (i % 2 == 0) throw std::runtime_error("call");
    });
  manual.advance(2s);
  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
  EXPECT_EQ(taken_reports().size(), 5u);
}

TEST_F(batched_timer_test, arguments_are_bound_as_by_call_later) {
  auto batched = make_batched_timer(1s);
  int got = 0;
  batched.call_later(1s, [&](std::unique_ptr<int> a, int b) { got = *a + b; }, std::make_unique<int>(1), 2);
  manual.advance(2s);
  EXPECT_EQ(got, 3);
}

TEST_F(batched_timer_test, calls_stay_scheduled_when_the_last_copy_is_destroyed) {
  {
    auto batched = make_batched_timer(1s);
    batched.call_later(1s, note(1));
  }
  manual.advance(2s);
  EXPECT_THAT(order, ElementsAre(1));
}

TEST_F(batched_timer_test, the_last_call_can_be_cancelled_after_the_batched_timer_is_gone) {
  batched_call call;
  {
    auto batched = make_batched_timer(1s);
    call = batched.call_later(5s, [held = counted()] {});
  }
  EXPECT_TRUE(call.cancel());
  EXPECT_EQ(counted::alive(), 0);
  EXPECT_FALSE(call.cancel());
}

TEST_F(batched_timer_test, cancelling_may_destroy_the_handle_and_the_batched_timer) {
  struct object {
    batched_timer batched;
    batched_call mine;
  };
  auto owner = std::make_shared<object>(object{make_batched_timer(1s), {}});
  object& it = *owner;
  it.mine = it.batched.call_later(1s, [keeps = std::move(owner)] {});
  EXPECT_TRUE(it.mine.cancel());
}

TEST_F(batched_timer_test, closing_the_loop_destroys_all_callables_once_and_handles_stay_usable) {
  auto batched = make_batched_timer(1s, 2);
  std::vector<batched_call> calls;
  for (int i = 0; i < 20; ++i)
    calls.push_back(batched.call_later(std::chrono::milliseconds(400 * i), [held = counted()] {}));
  EXPECT_EQ(counted::alive(), 20);
  manual->close();
  EXPECT_EQ(counted::alive(), 0);
  for (auto& each : calls) EXPECT_FALSE(each.cancel());
  EXPECT_THROW(batched.call_later(1s, [held = counted()] {}), loop_closed);
}

TEST_F(batched_timer_test, closing_the_loop_inside_a_call_runs_no_other_and_destroys_them) {
  auto batched = make_batched_timer(1s, 100);
  for (int i = 0; i < 5; ++i)
    batched.call_later(1s, [&, i, held = counted(i)] {
      order.push_back(i);
      if (i == 1) {
        batched.call_later(0s, [inner = counted()] {});
        manual->close();
      }
      EXPECT_EQ(held.value, i);
    });
  batched.call_later(1h, [held = counted()] {});
  manual.advance(2s);
  EXPECT_THAT(order, ElementsAre(0, 1));
  EXPECT_EQ(counted::alive(), 0);
}

TEST_F(batched_timer_test, closing_the_loop_inside_a_call_of_the_only_bucket_runs_no_other_and_destroys_them) {
  auto batched = make_batched_timer(1s, 100);
  for (int i = 0; i < 5; ++i)
    batched.call_later(1s, [&, i, held = counted(i)] {
      order.push_back(i);
      manual->close();
    });
  manual.advance(2s);
  EXPECT_THAT(order, ElementsAre(0));
  EXPECT_EQ(counted::alive(), 0);
}

TEST_F(batched_timer_test, closing_copes_with_destructors_that_cancel_others) {
  auto batched = make_batched_timer(1s, 100);
  std::vector<batched_call> others;
  for (int i = 0; i < 20; ++i) {
    batched.call_later(std::chrono::milliseconds(300 * i), [guard = at_destruction([&others] {
                                                              for (auto& each : others) each.cancel();
                                                            }),
                                                            held = counted()] {});
    others.push_back(batched.call_later(std::chrono::milliseconds(300 * i), [held = counted()] {}));
  }
  manual->close();
  EXPECT_EQ(counted::alive(), 0);
}

TEST_F(batched_timer_test, a_call_may_run_the_loop_nested) {
  auto batched = make_batched_timer(1s, 2);
  for (int i = 0; i < 7; ++i)
    batched.call_later(1s, [&, i, held = counted(i)] {
      order.push_back(i);
      batched.call_later(0s, note(100 + i));
      manual.advance(100ms);
      EXPECT_EQ(held.value, i);
    });
  manual.advance(10s);
  EXPECT_EQ(std::set<int>(order.begin(), order.end()).size(), 14u);
  EXPECT_EQ(order.size(), 14u);
}

TEST_F(batched_timer_test, a_call_may_run_the_loop_nested_until_its_bucket_is_done) {
  auto batched = make_batched_timer(1s, 100);
  for (int i = 0; i < 5; ++i)
    batched.call_later(1s, [&, i, held = counted(i)] {
      order.push_back(i);
      if (i == 1) {
        batched.call_later(0s, note(100));
        manual.advance(5s);
      }
      EXPECT_EQ(held.value, i);
    });
  manual.advance(10s);
  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3, 4, 100));
}

TEST_F(batched_timer_test, bad_arguments_are_refused) {
  EXPECT_THROW(static_cast<void>(make_batched_timer(0s)), usage_error);
  EXPECT_THROW(static_cast<void>(make_batched_timer(-1s)), usage_error);
  EXPECT_THROW(
      static_cast<void>(make_batched_timer(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN()))),
      usage_error);
  EXPECT_THROW(static_cast<void>(make_batched_timer(1s, 0)), usage_error);
  manual->close();
  EXPECT_THROW(static_cast<void>(make_batched_timer(1s)), loop_closed);
}

TEST_F(batched_timer_test, large_and_over_aligned_callables) {
  struct alignas(64) aligned {
    bool* good;
    void operator()() const { *good = reinterpret_cast<std::uintptr_t>(this) % 64 == 0; }
  };
  bool good = false;
  auto batched = make_batched_timer(1s);
  batched.call_later(1s, aligned{&good});
  manual.advance(2s);
  EXPECT_TRUE(good);
}

}  // namespace
}  // namespace interloop
