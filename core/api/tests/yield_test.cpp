// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

#include "support/loop_test.hpp"
#include "support/loops.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/eventfd.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace interloop {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

class yield_test : public test::loop_test {
 protected:
  future<void> twice(std::string name) {
    for (int i = 0; i < 2; ++i) {
      co_await yield();
      seen.push_back(name + std::to_string(i));
    }
  }
  std::vector<std::string> seen;
};

TEST_F(yield_test, what_is_ready_and_what_is_due_runs_first) {
  call_later(0s, [this] { seen.push_back("due"); });
  const auto yielded = yield();
  add_callbacks(yielded, [this] { seen.push_back("yielded"); });
  call_soon([this] {
    seen.push_back("queued");
    call_soon([this] { seen.push_back("queued by that"); });
  });
  EXPECT_FALSE(is_called(yielded));
  manual.run_ready();
  EXPECT_THAT(seen, ElementsAre("queued", "queued by that", "due", "yielded"));
}

TEST_F(yield_test, those_that_yield_take_turns) {
  twice("a");
  twice("b");
  manual.run_ready();
  EXPECT_THAT(seen, ElementsAre("a0", "b0", "a1", "b1"));
}

TEST_F(yield_test, needs_no_time_and_can_be_cancelled) {
  const time_point before = now();
  auto yielded = yield();
  EXPECT_EQ(manual.next_alarm(), (time_point::max)()) << "no timer of the native loop";
  EXPECT_TRUE(cancel(yielded));
  yielded = yield();
  manual.run_ready();
  EXPECT_TRUE(is_called(yielded));
  EXPECT_EQ(now(), before);
}

class yield_on_test : public ::testing::TestWithParam<std::string> {};

// A coroutine that works in small steps must not keep descriptors waiting.
TEST_P(yield_on_test, descriptors_get_their_turn) {
  const auto under_test = test::make_loop(GetParam());
  loop& core = under_test->core();
  const api io(core);
  const int event = ::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
  bool read = false;
  fd_watch watch = io.watch(event, interest::read, [&](interest) {
    read = true;
    watch.stop();
  });
  const auto work = [&](api) -> future<int> {
    int steps = 0;
    while (!read && steps < 10'000) {
      co_await io.yield();
      ++steps;
    }
    co_return steps;
  };
  const auto steps = work(io);
  test::run_until(core, [&] { return is_called(steps); });
  EXPECT_TRUE(read);
  EXPECT_LT(steps.value(), 1000);
  ::close(event);
}

INSTANTIATE_TEST_SUITE_P(every_loop, yield_on_test, ::testing::ValuesIn(test::loop_names()),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace interloop
