// SPDX-License-Identifier: MIT
// Which thread is the loop's, as other threads see it, on every loop that this build has.
#include "support/loops.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace interloop::test {
namespace {

class in_loop_thread_test : public ::testing::TestWithParam<std::string> {};

// Threads that keep asking.
class askers {
 public:
  explicit askers(loop& core) : core_(core), remote_(core.remote()) {
    for (int i = 0; i < 2; ++i) threads_.emplace_back([this] { ask(); });
  }
  askers(const askers&) = delete;
  askers& operator=(const askers&) = delete;
  ~askers() {
    over_ = true;
    for (std::thread& each : threads_) each.join();
  }

  // Returns after they have asked again.
  void have_asked() const {
    for (const int enough = asked_ + 100; asked_ < enough;) std::this_thread::yield();
  }

 private:
  void ask() {
    while (!over_) {
      EXPECT_FALSE(core_.in_loop_thread());
      EXPECT_FALSE(remote_.is_here());
      ++asked_;
    }
  }

  loop& core_;
  loop_remote remote_;
  std::atomic<bool> over_{false};
  std::atomic<int> asked_{0};
  std::vector<std::thread> threads_;
};

TEST_P(in_loop_thread_test, other_threads_may_ask_while_the_loop_closes) {
  for (int round = 0; round < 5; ++round) {
    const std::unique_ptr<native_loop> made = make_loop(GetParam());
    loop& core = made->core();
    const askers others(core);
    core.call_soon([&] {
      others.have_asked();
      EXPECT_TRUE(core.in_loop_thread());
      core.close();
      EXPECT_TRUE(core.in_loop_thread());
      others.have_asked();
    });
    core.run();
    others.have_asked();
  }
}

TEST_P(in_loop_thread_test, other_threads_may_ask_between_runs) {
  const std::unique_ptr<native_loop> made = make_loop(GetParam());
  loop& core = made->core();
  const askers others(core);
  for (int round = 0; round < 3; ++round) {
    core.call_soon([&] {
      others.have_asked();
      core.stop();
    });
    core.run();
    others.have_asked();
  }
  core.close();
}

// Nothing else keeps the native loop running, and no thread is known to run it between the runs.
TEST_P(in_loop_thread_test, what_the_thread_of_the_last_run_posts_is_run_by_the_next) {
  const std::unique_ptr<native_loop> made = make_loop(GetParam());
  loop& core = made->core();
  const loop_remote remote = core.remote();
  for (int round = 1; round <= 3; ++round) {
    core.call_soon([&] { core.stop(); });
    core.run();
    int ran = 0;
    remote.post([&] {
      ++ran;
      core.stop();
    });
    core.run();
    EXPECT_EQ(ran, 1) << "round " << round;
  }
}

INSTANTIATE_TEST_SUITE_P(every_loop, in_loop_thread_test, ::testing::ValuesIn(loop_names()),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace interloop::test
