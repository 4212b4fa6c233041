// SPDX-License-Identifier: MIT
// Locks, channels and generators behave the same on every loop: in the same order, and when the loop closes.
#include <interloop/async_generator.hpp>
#include <interloop/channel.hpp>
#include <interloop/condition.hpp>
#include <interloop/event.hpp>
#include <interloop/interloop.hpp>
#include <interloop/mutex.hpp>

#include "support/counted.hpp"
#include "support/loops.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace interloop::test {
namespace {

using ::testing::UnorderedElementsAre;

class sync_loops_test : public ::testing::TestWithParam<std::string> {
 protected:
  struct shared {
    explicit shared(loop& core) : changed(core), ready(core), lock(core), two(core, 2), numbers(core, 1) {}
    condition changed;
    event ready;
    mutex lock;
    semaphore two;
    channel<int> numbers;
    std::vector<std::string> log;
  };

  /// Without a timer, whose turn would depend on the time.
  static future<void> next_generation(api io) {
    const auto done = io.create_future<void>();
    io.call_soon([done] { resolve(done); });
    return done;
  }
  static async_generator<int> generate(api io, shared& in, counted = {}) {
    for (int i = 0; i < 3; ++i) {
      if (i == 2) co_await in.ready.wait();
      if (i == 1) co_await next_generation(io);
      co_yield i;
    }
  }
  static future<void> produce(api io, shared& in, counted = {}) {
    auto all = generate(io, in);
    while (auto each = co_await all.next()) {
      in.log.push_back("send " + std::to_string(*each));
      co_await in.numbers.send(*each);
    }
    in.numbers.close();
  }
  static future<void> consume(api io, shared& in, const char* name, counted = {}) {
    while (auto each = co_await in.numbers.next()) {
      const auto unit = co_await in.two.acquire();
      mutex::scoped_lock held = co_await in.lock.lock();
      in.log.push_back(name + std::to_string(*each));
      co_await next_generation(io);
      if (*each == 1) in.ready.set();
      in.changed.notify_one();
    }
    in.log.push_back(name + std::string("ends"));
  }
  static future<void> watch(api, shared& in, counted = {}) {
    mutex::scoped_lock held = co_await in.lock.lock();
    for (int i = 0; i < 2; ++i) {
      co_await in.changed.wait(held);
      in.log.emplace_back("changed");
    }
  }

  static std::vector<std::string> log_on(const std::string& name) {
    const auto under_test = make_loop(name);
    loop& core = under_test->core();
    shared in(core);
    std::vector<future<void>> all;
    core.call_soon([&] {
      const api io(core);
      all.push_back(watch(io, in));
      all.push_back(consume(io, in, "a "));
      all.push_back(consume(io, in, "b "));
      all.push_back(produce(io, in));
    });
    run_until(core, [&] {
      return all.size() == 4 && std::all_of(all.begin(), all.end(), [](const auto& each) { return is_called(each); });
    });
    for (const auto& each : all) EXPECT_EQ(each.get_failure(), nullptr);
    return in.log;
  }
};

TEST_P(sync_loops_test, what_happens_happens_in_the_same_order) {
  const std::vector<std::string> log = log_on(GetParam());
  EXPECT_THAT(log, UnorderedElementsAre("send 0", "send 1", "send 2", "a 0", "b 1", "a 2", "changed", "changed",
                                        "a ends", "b ends"));
  EXPECT_EQ(log, log_on("manual"));
  EXPECT_EQ(counted::alive(), 0);
}

TEST_P(sync_loops_test, closing_the_loop_ends_everyone_who_waits) {
  const auto under_test = make_loop(GetParam());
  loop& core = under_test->core();
  shared in(core);
  std::vector<future<void>> all;
  core.call_soon([&] {
    const api io(core);
    const mutex::scoped_lock held = in.lock.try_lock();
    all.push_back(watch(io, in));
    all.push_back(consume(io, in, "a "));
    all.push_back(produce(io, in));
    core.close();
  });
  try {
    core.run();
  } catch (const loop_closed&) {
  }
  EXPECT_EQ(all.size(), 3U);
  for (const auto& each : all) EXPECT_TRUE(each.get_failure()->is<loop_closed>());
  EXPECT_EQ(counted::alive(), 0);
}

INSTANTIATE_TEST_SUITE_P(every_loop, sync_loops_test, ::testing::ValuesIn(loop_names()),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace interloop::test
