// SPDX-License-Identifier: MIT
// Callbacks hold the loop until the watchdog has seen that, so nothing here depends on how fast the machine is.
#include <interloop/loop_thread.hpp>
#include <interloop/slow_callback.hpp>

#include "support/loop_test.hpp"
#include "support/loops.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace interloop {
namespace {

using namespace std::chrono_literals;

/// What a watchdog has said.
class kept_reports {
 public:
  void operator()(const stuck_callback& stuck) {
    const std::lock_guard lock(mutex_);
    all_.push_back(stuck);
  }
  [[nodiscard]] std::vector<stuck_callback> about(const std::string& part) const {
    const std::lock_guard lock(mutex_);
    std::vector<stuck_callback> found;
    for (const stuck_callback& each : all_)
      if (each.what.find(part) != std::string::npos) found.push_back(each);
    return found;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<stuck_callback> all_;
};

struct holds_until_reported {
  void operator()(const kept_reports* by) const {
    while (by->about("holds_until_reported").empty()) std::this_thread::yield();
  }
};

future<void> coroutine_holds(loop&, future<void> first, kept_reports* by) {
  co_await first;
  while (by->about("coroutine_holds").empty()) std::this_thread::yield();
}

class watchdog_test : public test::loop_test {};

TEST_F(watchdog_test, names_the_callback_that_holds_the_loop) {
  kept_reports told;
  const watchdog dog(*manual, 5ms, std::ref(told));
  io.call_soon(holds_until_reported(), &told);
  manual.run_ready();
  const auto found = told.about("holds_until_reported");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].what,
              ::testing::MatchesRegex("callback interloop::holds_until_reported \\(.*watchdog_test.cpp:[0-9]+\\)"));
  EXPECT_NE(found[0].where.line(), 0U);
  EXPECT_EQ(found[0].loop, "manual");
  EXPECT_GE(found[0].held, 5ms);
  EXPECT_TRUE(found[0].stack.empty()) << "this program does not record where exceptions are thrown";
}

TEST_F(watchdog_test, names_a_coroutine_and_where_it_was_created) {
  kept_reports told;
  const watchdog dog(*manual, 5ms, std::ref(told));
  const auto first = io.create_future<void>();
  const auto result = coroutine_holds(*manual, first, &told);
  resolve(first);
  manual.run_ready();
  const auto found = told.about("coroutine_holds");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NE(found[0].where.line(), 0U);
  EXPECT_TRUE(is_called(result));
}

TEST_F(watchdog_test, an_idle_loop_and_a_busy_one_are_not_reported) {
  std::atomic<int> times{0};
  const watchdog dog(*manual, 1h, [&](const stuck_callback&) { ++times; });
  for (int i = 0; i < 1000; ++i) io.call_soon([] {});
  manual.run_ready();
  EXPECT_EQ(times, 0);
}

TEST_F(watchdog_test, bad_input) {
  const auto nothing = [](const stuck_callback&) {};
  EXPECT_THROW(watchdog(*manual, 1us, nothing), usage_error);
  EXPECT_THROW(watchdog(*manual, 1s, nullptr), usage_error);
  {
    const watchdog first(*manual, 1s, nothing);
    EXPECT_THROW(watchdog(*manual, 1s, nothing), usage_error);
  }
  const watchdog again(*manual, 1s, nothing);
}

TEST_F(watchdog_test, may_outlive_the_closing_of_its_loop_and_be_destroyed_by_a_callback) {
  auto dog = std::make_unique<watchdog>(*manual, 1ms, [](const stuck_callback&) {});
  io.call_soon([&] { dog.reset(); });
  io.call_soon([&] { dog = std::make_unique<watchdog>(*manual, 1ms, [](const stuck_callback&) {}); });
  io.call_soon([this] { manual->close(); });
  manual.run_ready();
  EXPECT_THROW(watchdog(*manual, 1s, [](const stuck_callback&) {}), loop_closed);
}

TEST_F(watchdog_test, a_forked_child_has_none_and_does_not_wait_for_it) {
  auto dog = std::make_unique<watchdog>(*manual, 1ms, [](const stuck_callback&) {});
  const pid_t child = ::fork();
  if (child == 0) {
    dog.reset();
    ::_exit(0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

class watchdog_loops_test : public ::testing::TestWithParam<std::string> {};

TEST_P(watchdog_loops_test, on_every_loop_while_other_threads_post) {
  const auto under_test = test::make_loop(GetParam());
  loop& core = under_test->core();
  kept_reports told;
  const watchdog dog(core, 5ms, std::ref(told));
  std::atomic<bool> over{false};
  std::atomic<int> posted{0};
  std::thread other([&, remote = core.remote()] {
    while (!over) {
      ++posted;
      remote.post([&posted] { --posted; });
      std::this_thread::yield();
    }
  });
  core.call_later(1ms, holds_until_reported(), &told);
  test::run_until(core, [&] { return !told.about("holds_until_reported").empty(); });
  over = true;
  other.join();
  test::run_until(core, [&] { return posted == 0; });
}

INSTANTIATE_TEST_SUITE_P(every, watchdog_loops_test, ::testing::ValuesIn(test::loop_names()),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace interloop
