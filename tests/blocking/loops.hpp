// SPDX-License-Identifier: MIT
// What the tests of blocking calls share: the loops to run on, by name, and what their exception handlers were told.
#pragma once

#include <interloop/blocking.hpp>
#include <interloop/interloop.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace blocking_test {

/// The loops that are built, as in `use_<name>`.
std::vector<std::string> loop_names();

/// A thread that runs a loop of this name.
std::unique_ptr<interloop::loop_thread> start_loop(const std::string& name);

/// `setup<…_loop>()`.
void setup_loop(const std::string& name);

/// A loop of this name for whoever runs it himself, and its owner.
class owned_loop {
 public:
  explicit owned_loop(const std::string& name);
  ~owned_loop();
  operator interloop::loop&() const noexcept;

 private:
  struct holder;
  std::unique_ptr<holder> holder_;
};

/// The same, movable, for factories.
class any_loop {
 public:
  explicit any_loop(const std::string& name) : owned_(std::make_unique<owned_loop>(name)) {}
  operator interloop::loop&() const noexcept { return *owned_; }

 private:
  std::unique_ptr<owned_loop> owned_;
};
inline any_loop make_any_loop(const std::string& name) { return any_loop(name); }

/// A future that is not completed, though somebody could: `canceller` is its canceller.
template <class T, class... Canceller>
interloop::future<T> never(Canceller... canceller) {
  const auto mine = interloop::create_future<T>(std::move(canceller)...);
  co_return co_await mine;
}

/// Something that happens once, for threads of a test to wait for.
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

/// What a loop's exception handler was told, one line each. Outlives the loop.
class reports {
 public:
  /// From here on, collects those of the loop in this thread.
  void collect(const interloop::loop_thread& from);
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

/// Returns when the loop has run what was posted before, reports included.
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

/// What `fn` throws, as `Exception`; anything else fails the test.
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
