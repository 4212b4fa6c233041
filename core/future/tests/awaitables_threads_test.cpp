// SPDX-License-Identifier: MIT
// Awaitables that are completed in other threads, at any moment.
#include <interloop/awaitables.hpp>
#include <interloop/interloop.hpp>

#include "support/counted.hpp"
#include "support/loops.hpp"
#include "support/other_coroutines.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>

namespace interloop::test {
namespace {

/// A thread that resumes the coroutines that it is given, one after the other.
class resuming_thread {
 public:
  ~resuming_thread() {
    last_ = true;
    thread_.join();
  }
  void give(std::coroutine_handle<> who) {
    void* none = nullptr;
    while (!next_.compare_exchange_weak(none, who.address())) none = nullptr;
  }
  /// Waits until it has taken what it was given, and perhaps is resuming it.
  void wait_until_taken() const {
    while (next_.load()) std::this_thread::yield();
  }

 private:
  void run() {
    for (;;) {
      const bool last = last_;
      if (void* const who = next_.exchange(nullptr)) {
        std::coroutine_handle<>::from_address(who).resume();
      } else if (last) {
        return;
      } else {
        std::this_thread::yield();
      }
    }
  }
  std::atomic<void*> next_{nullptr};
  std::atomic<bool> last_{false};
  std::thread thread_{[this] { run(); }};
};

/// Goes on in the thread. Gives the id of the thread in which `await_resume` was called.
struct on_thread {
  resuming_thread* other;
  bool waits;  // inside `await_suspend`, until the thread has resumed it, or at least begun to
  counted held;

  on_thread(resuming_thread& in, bool until_taken) : other(&in), waits(until_taken) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> who) const {
    resuming_thread& in = *other;
    const bool until_taken = waits;
    in.give(who);
    if (until_taken) in.wait_until_taken();  // this may be gone
  }
  std::thread::id await_resume() const { return std::this_thread::get_id(); }
};

class awaitables_on : public ::testing::TestWithParam<std::string> {
 protected:
  ~awaitables_on() override { EXPECT_EQ(counted::alive(), 0); }
};
INSTANTIATE_TEST_SUITE_P(every, awaitables_on, ::testing::ValuesIn(loop_names()),
                         [](const auto& each) { return each.param; });

TEST_P(awaitables_on, whatever_thread_completes_it_the_coroutine_goes_on_in_its_loops_turn) {
  const auto native = make_loop(GetParam());
  resuming_thread other;
  for (const bool until_taken : {false, true}) {
    const auto f = [](api, loop& core, resuming_thread& in, bool waits) -> future<int> {
      int seen = 0;
      for (int i = 0; i < 20; ++i) {
        const std::thread::id where = co_await on_thread(in, waits);
        seen += where != std::this_thread::get_id() && &current_loop() == &core ? 1 : 0;
      }
      co_return seen;
    }(api(native->core()), native->core(), other, until_taken);
    run_until(native->core(), [&] { return is_called(f); });
    EXPECT_EQ(f.value(), 20);
  }
}

lazy_task<int> works_on(resuming_thread& in, int fails) {
  co_await on_thread(in, false);
  if (fails) throw std::out_of_range("there");
  co_return 1;
}

TEST_P(awaitables_on, a_task_that_changes_its_thread_comes_back_with_a_value_or_an_exception) {
  const auto native = make_loop(GetParam());
  resuming_thread other;
  const auto waits = [](api, resuming_thread& in, int fails) -> future<int> { co_return co_await works_on(in, fails); };
  const future<int> f = waits(api(native->core()), other, 0);
  run_until(native->core(), [&] { return is_called(f); });
  EXPECT_EQ(f.value(), 1);
  const future<int> g = waits(api(native->core()), other, 1);
  run_until(native->core(), [&] { return is_called(g); });
  EXPECT_TRUE(g.get_failure()->is<std::out_of_range>());
}

TEST_P(awaitables_on, the_loop_may_close_while_another_thread_completes_it) {
  resuming_thread other;
  for (int round = 0; round < 50; ++round) {
    const auto native = make_loop(GetParam());
    const auto f = [](api, resuming_thread& in, counted) -> future<void> { co_await on_thread(in, false); }(
                                                             api(native->core()), other, {});
    if (round % 2) other.wait_until_taken();
    if (round % 4 == 3) native->core().call_soon([] {});
    native->core().close();
    EXPECT_TRUE(f.get_failure()->is<loop_closed>());
  }
}

TEST_P(awaitables_on, a_cancellation_may_come_while_another_thread_completes_it) {
  const auto native = make_loop(GetParam());
  resuming_thread other;
  for (int round = 0; round < 50; ++round) {
    const auto f = [](api, resuming_thread& in, counted) -> future<void> { co_await on_thread(in, false); }(
                                                             api(native->core()), other, {});
    if (round % 2) other.wait_until_taken();
    cancel(f);
    run_until(native->core(), [&] { return is_called(f); });
    EXPECT_TRUE(f.get_failure()->is<cancelled_error>());
  }
}

TEST_P(awaitables_on, another_thread_may_destroy_what_it_should_resume) {
  const auto native = make_loop(GetParam());
  struct destroyed_elsewhere {
    std::thread* by;
    explicit destroyed_elsewhere(std::thread& in) : by(&in) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> who) const {
      *by = std::thread([who] { who.destroy(); });
    }
    void await_resume() const noexcept {}
  };
  std::thread other;
  const auto f = [](api, std::thread& in) -> future<void> { co_await destroyed_elsewhere(in); }(api(native->core()),
                                                                                                other);
  run_until(native->core(), [&] { return is_called(f); });
  EXPECT_TRUE(f.get_failure()->is<broken_promise>());
  other.join();
}

}  // namespace
}  // namespace interloop::test
