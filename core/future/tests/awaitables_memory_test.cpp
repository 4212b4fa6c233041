// SPDX-License-Identifier: MIT
// Awaiting what is not a future, and awaiting a future outside, when memory runs out.
#include <interloop/awaitables.hpp>
#include <interloop/interloop.hpp>

#include "support/failing_new.hpp"
#include "support/loop_test.hpp"
#include "support/other_coroutines.hpp"

#include <gtest/gtest.h>

#include <new>

namespace interloop::test {
namespace {

using awaitables_memory_test = loop_test;

TEST_F(awaitables_memory_test, without_memory_the_await_throws_and_nothing_is_left) {
  for (long failing = 1;; ++failing) {
    const long before = live_allocations();
    {
      one_event event;
      future<int> f;
      bool failed = false;
      const auto waits = [](api, one_event& when, counted) -> future<int> {
        const counted got = co_await [](one_event& on) -> lazy_task<counted> {
          co_await on;
          co_return counted(3);
        }(when);
        co_return got.value;
      };
      try {
        const failing_new none(failing);
        f = waits(io, event, {});
        event.set();
        manual.run_ready();
        failed = failing_new::failed();
      } catch (const std::bad_alloc&) {
        failed = true;
      }
      if (!failed) {
        EXPECT_EQ(f.value(), 3);
        return;
      }
      manual.run_ready();
      if (f) {
        if (cancel(f)) manual.run_ready();  // there was none to post that the event was set, outside of a turn
        ASSERT_TRUE(is_called(f));
        EXPECT_TRUE(!f.get_failure() || f.get_failure()->is<std::bad_alloc>() ||
                    f.get_failure()->is<cancelled_error>());
      }
      static_cast<void>(taken_reports());
    }
    EXPECT_EQ(counted::alive(), 0);
    EXPECT_LE(live_allocations(), before + 2) << "blocks that the loop keeps";
  }
}

TEST_F(awaitables_memory_test, a_future_that_another_coroutine_awaits_needs_none) {
  const future<int> f = create_future<int>();
  manual->call_soon([] {});  // the loop's queue has its memory then
  manual.run_ready();
  auto task = [](const future<int>& from) -> lazy_task<int> { co_return co_await from; }(f);
  {
    const failing_new counting(0);
    task.start();
    resolve(f, 1);
    manual.run_ready();
    EXPECT_EQ(failing_new::count(), 0);
  }
  EXPECT_EQ(task.result(), 1);
}

}  // namespace
}  // namespace interloop::test
