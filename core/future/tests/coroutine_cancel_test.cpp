// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

#include "support/loop_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace interloop {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using coroutine_cancel_test = test::loop_test;

TEST_F(coroutine_cancel_test, cancelling_reaches_the_awaited_future_at_any_depth) {
  int cancelled = 0;
  const future<int> f = create_future<int>([&] { ++cancelled; });
  const auto inner = [](future<int> from) -> future<int> { co_return co_await from; };
  const auto outer = [&](future<int> from) -> future<int> { co_return co_await inner(from); };
  const future<int> g = outer(f);
  EXPECT_TRUE(cancel(g, "enough"));
  EXPECT_EQ(cancelled, 1);
  EXPECT_TRUE(is_called(f));
  manual.run_ready();
  ASSERT_TRUE(is_called(g));
  EXPECT_TRUE(g.get_failure()->is<cancelled_error>());
  EXPECT_EQ(g.get_failure()->message(), "enough");
}

TEST_F(coroutine_cancel_test, a_cancelled_sleep_leaves_no_timer) {
  const future<void> f = []() -> future<void> { co_await interloop::sleep(1h); }();
  cancel(f);
  manual.run_ready();
  EXPECT_TRUE(f.get_failure()->is<cancelled_error>());
  EXPECT_EQ(manual.next_alarm(), (time_point::max)());
}

TEST_F(coroutine_cancel_test, a_cancelled_coroutine_is_not_reported) {
  cancel([]() -> future<void> { co_await interloop::sleep(1h); }());
  manual.run_ready();
  EXPECT_TRUE(reports.empty());
}

TEST_F(coroutine_cancel_test, a_failure_that_a_cancellation_overtakes_counts_as_looked_at) {
  future<int> f = create_future<int>();
  const future<int> g = [](future<int> from) -> future<int> { co_return co_await std::move(from); }(f);
  reject(std::exchange(f, {}), std::runtime_error("too late"));
  cancel(g);
  manual.run_ready();
  EXPECT_TRUE(g.get_failure()->is<cancelled_error>());
  EXPECT_TRUE(reports.empty());
}

TEST_F(coroutine_cancel_test, a_coroutine_may_clean_up_and_pass_it_on) {
  std::vector<std::string> order;
  const future<void> f = [](std::vector<std::string>& log) -> future<void> {
    try {
      co_await interloop::sleep(1h);
    } catch (const cancelled_error&) {
      log.push_back("cleaning");
      throw;
    }
  }(order);
  cancel(f);
  EXPECT_TRUE(order.empty()) << "it runs in a turn";
  manual.run_ready();
  EXPECT_THAT(order, ElementsAre("cleaning"));
  EXPECT_TRUE(f.get_failure()->is<cancelled_error>());
}

TEST_F(coroutine_cancel_test, a_coroutine_may_await_while_it_cleans_up) {
  const future<void> f = []() -> future<void> {
    bool cancelled = false;
    try {
      co_await interloop::sleep(1h);
    } catch (const cancelled_error&) {
      cancelled = true;
    }
    co_await interloop::sleep(1s);
    if (cancelled) throw std::runtime_error("cleaned up");
  }();
  cancel(f);
  manual.run_ready();
  EXPECT_FALSE(is_called(f));
  manual.advance(1s);
  EXPECT_EQ(f.get_failure()->message(), "cleaned up");
}

TEST_F(coroutine_cancel_test, a_coroutine_may_ignore_it_and_be_cancelled_again) {
  const future<int> f = []() -> future<int> {
    int ignored = 0;
    for (int i = 0; i < 3; ++i) {
      try {
        co_await interloop::sleep(1h);
      } catch (const cancelled_error&) {
        ++ignored;
      }
    }
    co_return ignored;
  }();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(cancel(f));
    manual.run_ready();
  }
  EXPECT_EQ(f.value(), 3);
  EXPECT_FALSE(cancel(f));
}

TEST_F(coroutine_cancel_test, cancelling_itself_while_running_takes_effect_at_the_next_await) {
  future<int> self;
  const future<void> gate = create_future<void>();
  bool reached = false;
  bool passed = false;
  const auto run_self = [&]() -> future<int> {
    co_await gate;
    cancel(self, "by itself");
    reached = true;
    const auto never = create_future<void>();
    co_await never;
    passed = true;
    co_return 1;
  };
  self = run_self();
  resolve(gate);
  manual.run_ready();
  EXPECT_TRUE(reached);
  EXPECT_FALSE(passed);
  EXPECT_EQ(self.get_failure()->message(), "by itself");
}

TEST_F(coroutine_cancel_test, a_request_also_stops_the_next_await_of_a_ready_future) {
  future<int> self;
  const future<void> gate = create_future<void>();
  const auto run_self = [&]() -> future<int> {
    co_await gate;
    cancel(self);
    co_return co_await create_future<int>(1);
  };
  self = run_self();
  resolve(gate);
  manual.run_ready();
  EXPECT_TRUE(self.get_failure()->is<cancelled_error>());
}

TEST_F(coroutine_cancel_test, a_request_that_no_await_follows_has_no_effect) {
  future<int> self;
  const future<void> gate = create_future<void>();
  const auto run_self = [&]() -> future<int> {
    co_await gate;
    cancel(self);
    co_return 7;
  };
  self = run_self();
  resolve(gate);
  manual.run_ready();
  EXPECT_EQ(self.value(), 7);
}

TEST_F(coroutine_cancel_test, cancelling_one_that_is_about_to_resume_throws_in_it) {
  const future<int> f = create_future<int>();
  const future<int> g = [](future<int> from) -> future<int> { co_return co_await from; }(f);
  resolve(f, 1);
  EXPECT_TRUE(cancel(g));
  EXPECT_FALSE(is_called(g));
  manual.run_ready();
  EXPECT_TRUE(g.get_failure()->is<cancelled_error>());
}

TEST_F(coroutine_cancel_test, a_canceller_that_resolves_the_awaited_future_lets_the_coroutine_continue) {
  const future<int> f = create_future<int>([](const future<int>& mine) { resolve(mine, 3); });
  const future<int> g = [](future<int> from) -> future<int> { co_return co_await from; }(f);
  cancel(g);
  manual.run_ready();
  EXPECT_EQ(g.value(), 3);
}

TEST_F(coroutine_cancel_test, to_others_that_await_the_same_future_its_cancellation_is_an_error) {
  const future<int> f = create_future<int>();
  const auto waits = [](future<int> from) -> future<int> { co_return co_await from; };
  const future<int> a = waits(f);
  const future<int> b = waits(f);
  cancel(a);
  manual.run_ready();
  EXPECT_TRUE(a.get_failure()->is<cancelled_error>());
  EXPECT_TRUE(b.get_failure()->is<operation_cancelled>());
}

TEST_F(coroutine_cancel_test, a_catch_of_std_exception_does_not_swallow_a_cancellation) {
  bool swallowed = false;
  const future<void> f = [](bool& caught) -> future<void> {
    for (;;) try {
        co_await sleep(1h);
      } catch (const std::exception&) {
        caught = true;
      }
  }(swallowed);
  const future<void> g = [](future<void> from) -> future<void> { co_await from; }(f);
  cancel(g, "closing");
  manual.run_ready();
  EXPECT_FALSE(swallowed);
  EXPECT_TRUE(f.get_failure()->is<cancelled_error>());
  EXPECT_EQ(failure_message(*g.get_failure()), "interloop::cancelled_error: closing");
}

TEST_F(coroutine_cancel_test, what_other_code_has_cancelled_throws_an_error_with_its_message_and_history) {
  const future<int> f = create_future<int>();
  std::string caught;
  const future<int> g = [](future<int> from, std::string& message) -> future<int> {
    try {
      co_return co_await from;
    } catch (const std::exception& e) {
      message = e.what();
      throw;
    }
  }(f, caught);
  const int cancelled_in = __LINE__ + 1;
  cancel(f, "not needed any more");
  manual.run_ready();
  EXPECT_EQ(caught, "not needed any more");
  EXPECT_TRUE(g.get_failure()->is<operation_cancelled>());
  const std::vector<trace_entry> trace = g.get_failure()->trace();
  ASSERT_EQ(trace.size(), 4u);
  EXPECT_EQ(trace[0].where.line(), static_cast<unsigned>(cancelled_in));
  EXPECT_EQ(trace[2].what, trace_entry::kind::awaited);
}

TEST_F(coroutine_cancel_test, siblings_cancel_each_other) {
  future<void> a;
  future<void> b;
  const future<void> gate = create_future<void>();
  const auto run_a = [&]() -> future<void> {
    co_await gate;
    cancel(b);
  };
  a = run_a();
  const auto run_b = [&]() -> future<void> {
    co_await gate;
    cancel(a);
  };
  b = run_b();
  resolve(gate);
  manual.run_ready();
  EXPECT_EQ(a.get_failure(), nullptr);
  ASSERT_NE(b.get_failure(), nullptr) << "it was about to resume from what both awaited";
  EXPECT_TRUE(b.get_failure()->is<cancelled_error>());
}

TEST_F(coroutine_cancel_test, a_canceller_that_closes_the_loop_destroys_the_coroutine_once) {
  const future<int> f = create_future<int>([this] { manual->close(); });
  const future<int> g = [](future<int> from, test::counted) -> future<int> { co_return co_await from; }(f, {});
  EXPECT_TRUE(cancel(g));
  EXPECT_TRUE(g.get_failure()->is<loop_closed>());
  EXPECT_EQ(test::counted::alive(), 0);
}

future<void> awaits(const future<void>& gate, const future<void>& other, test::counted) {
  co_await gate;
  co_await other;
}

future<void> follows(future<void> other) { co_await other; }

TEST_F(coroutine_cancel_test, a_coroutine_that_awaits_itself_can_be_cancelled) {
  const future<void> gate = create_future<void>();
  future<void> self;
  self = awaits(gate, self, {});
  resolve(gate);
  manual.run_ready();
  EXPECT_TRUE(cancel(self));
  manual.run_ready();
  ASSERT_NE(self.get_failure(), nullptr);
  EXPECT_TRUE(self.get_failure()->is<cancelled_error>());
  EXPECT_EQ(test::counted::alive(), 0);
}

TEST_F(coroutine_cancel_test, coroutines_that_await_each_other_in_a_ring_can_be_cancelled_from_outside_it) {
  for (const std::size_t size : {2U, 3U, 4U, 7U, 16U}) {
    for (const std::size_t way : {0U, 1U, 5U}) {
      const future<void> gate = create_future<void>();
      std::vector<future<void>> ring(size);
      for (std::size_t i = 0; i < size; ++i) ring[i] = awaits(gate, ring[(i + 1) % size], {});
      future<void> outside = ring[0];
      for (std::size_t i = 0; i < way; ++i) outside = follows(outside);
      resolve(gate);
      manual.run_ready();
      EXPECT_TRUE(cancel(outside));
      manual.run_ready();
      ASSERT_NE(outside.get_failure(), nullptr);
      EXPECT_TRUE(outside.get_failure()->is<cancelled_error>());
      EXPECT_EQ(test::counted::alive(), 0) << "in a ring of " << size;
      for (const future<void>& each : ring) EXPECT_TRUE(is_called(each));
    }
  }
}

}  // namespace
}  // namespace interloop
