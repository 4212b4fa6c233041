// SPDX-License-Identifier: MIT
// The common part of the tests of blocking calls: the loops to run on, by name, and the reports of their exception
// handlers.
#pragma once

#include <interloop/blocking.hpp>
#include <interloop/interloop.hpp>

#include "support/loops.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace blocking_test {

/// The loops that can be made in a thread.
inline std::vector<std::string> loop_names() { return interloop::test::own_loop_names(); }

/// A loop of this name, with its native loop.
inline interloop::loop_owner own_loop(const std::string& name) { return interloop::test::loop_kind(name).own(); }

/// A thread that runs a loop of this name.
inline std::unique_ptr<interloop::loop_thread> start_loop(const std::string& name) {
  return std::make_unique<interloop::loop_thread>(interloop::test::loop_kind(name).own);
}

/// `setup<..._loop>()`.
inline void setup_loop(const std::string& name) { interloop::setup(interloop::test::loop_kind(name).own); }

inline int one() { return 1; }

/// The outcome of a call that waits for `where`: 1 if it was served, 0 if it was refused.
inline int served(const interloop::loop_remote& where) {
  try {
    return interloop::run_in_reactor(where, one)().wait(std::chrono::seconds(60));
  } catch (const interloop::usage_error&) {
    return 0;
  }
}

/// A future that is not completed, although it could be: `canceller` is its canceller.
template <class T, class... Canceller>
interloop::future<T> never(Canceller... canceller) {
  const auto mine = interloop::create_future<T>(std::move(canceller)...);
  co_return co_await mine;
}

/// An event that happens once, and that a test's threads wait for.
class event {
 public:
  void set() {
    std::lock_guard lock(mutex_);
    set_ = true;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return set_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool set_ = false;
};

/// The reports to a loop's exception handler, one line each. Outlives the loop.
class reports {
 public:
  /// From now on, collects the reports of this thread's loop.
  void collect(const interloop::loop_thread& from) {
    interloop::wait_for(from, std::chrono::seconds(60), [kept = kept_] {
      interloop::set_exception_handler([kept](std::string_view context, const interloop::failure& fail) {
        std::lock_guard lock(kept->mutex);
        kept->lines.push_back(std::string(context) + ": " + interloop::failure_message(fail));
      });
    })();
  }
  [[nodiscard]] std::vector<std::string> all() const {
    std::lock_guard lock(kept_->mutex);
    return kept_->lines;
  }

 private:
  struct kept {
    std::mutex mutex;
    std::vector<std::string> lines;
  };
  std::shared_ptr<kept> kept_ = std::make_shared<kept>();
};

/// Returns when the loop has run everything that was posted before, reports included.
inline void settle(const interloop::loop_thread& in) {
  using namespace std::chrono_literals;
  for (int i = 0; i < 3; ++i) interloop::wait_for(in, 60s, [] {})();
}

/// A fixture with one loop in a thread, for each loop.
class on_each_loop : public ::testing::TestWithParam<std::string> {
 protected:
  on_each_loop() { told.collect(*thread); }
  ~on_each_loop() override {
    if (thread) settle(*thread);
    EXPECT_EQ(told.all(), expected_reports);
  }

  static void settle(const interloop::loop_thread& in) { blocking_test::settle(in); }

  std::unique_ptr<interloop::loop_thread> thread = start_loop(GetParam());
  reports told;
  std::vector<std::string> expected_reports;
};

#define INTERLOOP_ON_EACH_LOOP(suite)                                                      \
  INSTANTIATE_TEST_SUITE_P(loops, suite, ::testing::ValuesIn(blocking_test::loop_names()), \
                           [](const auto& instance) { return instance.param; })

/// The exception that `fn` throws, as `Exception`; anything else fails the test.
template <class Exception, class F>
std::string message_of(F fn) {
  try {
    fn();
  } catch (const Exception& thrown) {
    return thrown.what();
  } catch (const std::exception& other) {
    ADD_FAILURE() << "threw another exception: " << other.what();
    return {};
  }
  ADD_FAILURE() << "threw nothing";
  return {};
}

}  // namespace blocking_test
