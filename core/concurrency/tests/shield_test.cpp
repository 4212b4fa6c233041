// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

#include "support/loop_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

namespace interloop {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class shield_test : public test::loop_test {};

TEST_F(shield_test, gives_what_the_future_gives) {
  auto boxed = create_future<std::unique_ptr<int>>();
  const auto fails = create_future<void>();
  const auto value = shield(boxed);
  const auto error = shield(fails);
  resolve(boxed, std::make_unique<int>(4));
  boxed = {};
  reject(fails, std::runtime_error("disk full"));
  manual.run_ready();
  EXPECT_EQ(*value.take(), 4);
  EXPECT_EQ(error.get_failure()->message(), "disk full");
}

TEST_F(shield_test, cancelling_it_leaves_the_future_alone) {
  int cancelled = 0;
  const auto write = create_future<int>([&] { ++cancelled; });
  const auto outside = shield(write);
  EXPECT_TRUE(cancel(outside));
  EXPECT_TRUE(outside.get_failure()->is<cancelled_error>());
  manual.run_ready();
  EXPECT_EQ(cancelled, 0);
  ASSERT_FALSE(is_called(write));
  resolve(write, 1);
  manual.run_ready();
  EXPECT_EQ(write.value(), 1);
}

TEST_F(shield_test, a_coroutine_that_awaits_a_shielded_one_is_cancelled_alone) {
  const auto gate = create_future<void>();
  bool written = false;
  const auto write = [&](api) -> future<void> {
    co_await gate;
    written = true;
  };
  const auto writing = write(io);
  const auto waiting = [](api, future<void> what) -> future<void> { co_await shield(what); }(io, writing);
  cancel(waiting, "enough");
  manual.run_ready();
  EXPECT_EQ(waiting.get_failure()->message(), "enough");
  resolve(gate);
  manual.run_ready();
  EXPECT_TRUE(written);
}

TEST_F(shield_test, a_failure_after_the_cancellation_is_reported_unless_somebody_looks) {
  {
    auto write = create_future<void>();
    cancel(shield(write));
    reject(write, std::runtime_error("disk full"));
    manual.run_ready();
  }
  EXPECT_THAT(taken_reports(), ElementsAre(HasSubstr("nobody looked at it: std::runtime_error: disk full")));
}

TEST_F(shield_test, a_future_that_nobody_can_complete_breaks_it) {
  const auto outside = shield(create_future<int>());
  manual.run_ready();
  EXPECT_TRUE(outside.get_failure()->is<broken_promise>());
}

TEST_F(shield_test, a_future_that_is_dropped_after_the_cancellation_is_not_reported) {
  auto write = create_future<int>();
  const auto outside = shield(write);
  cancel(outside);
  write = {};
  manual.run_ready();
  EXPECT_TRUE(outside.get_failure()->is<cancelled_error>());
}

TEST_F(shield_test, closing_the_loop_fails_it_without_a_report) {
  const auto write = create_future<int>();
  const auto outside = shield(write);
  const auto also = shield(create_future<int>(1));
  manual->close();
  EXPECT_TRUE(outside.get_failure()->is<loop_closed>());
}

}  // namespace
}  // namespace interloop
