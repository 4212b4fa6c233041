// SPDX-License-Identifier: MIT
// Awaitables and coroutines of other libraries: awaiting theirs, and theirs awaiting ours.
#include <coroutine>
#include <cstdio>
#include <exception>
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <interloop/testing/replace_loop.hpp>
#include <string>
#include <thread>

// Represent two other libraries: a thread pool, and one with coroutines of its own.
namespace pool {

/// Squares a number in another thread, and resumes there.
class square {
 public:
  explicit square(int of) : value_(of) {}
  [[nodiscard]] bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    std::thread([this, waiter] {
      value_ *= value_;
      waiter.resume();
    }).detach();
  }
  [[nodiscard]] int await_resume() const { return value_; }

 private:
  int value_;
};

/// Waits for an event that may never come.
class event {
 public:
  [[nodiscard]] bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiter) { waiter_ = waiter; }
  void await_resume() const {
    if (given_up_) throw std::runtime_error("given up");
  }
  void give_up() {
    given_up_ = true;
    waiter_.resume();
  }

 private:
  std::coroutine_handle<> waiter_;
  bool given_up_ = false;
};

}  // namespace pool

namespace theirs {

struct task {
  struct promise_type {
    task get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

}  // namespace theirs

// [traits]
template <>
struct interloop::await_traits<pool::event> {
  static void cancel(pool::event& awaited) { awaited.give_up(); }
};
// [/traits]

namespace {

using namespace std::chrono_literals;

// [in]
interloop::future<int> hypotenuse_squared(int a, int b) {
  const int first = co_await pool::square(a);   // computed in another thread;
  const int second = co_await pool::square(b);  // this coroutine always runs in its loop's
  co_return first + second;
}
// [/in]

interloop::future<void> wait_for_event() {
  try {
    co_await pool::event();
  } catch (const std::exception& why) {
    std::printf("the event was %s\n", why.what());
  }
}

// [out]
theirs::task print_later(interloop::api async, std::string text) {
  co_await async.sleep(10ms);
  std::puts(text.c_str());  // in a turn of the loop
}
// [/out]

}  // namespace

int main() {
  interloop::testing::manual_loop loop;
  const auto selected = interloop::testing::replace_loop(loop);

  const auto sum = hypotenuse_squared(3, 4);
  while (!interloop::is_called(sum)) {
    loop.run_ready();
    std::this_thread::yield();
  }
  std::printf("%d\n", sum.value());

  const auto waiting = wait_for_event();
  interloop::cancel(waiting);
  loop.run_ready();

  print_later(interloop::with_config(), "hello");
  loop.advance(10ms);
}
