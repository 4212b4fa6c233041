// SPDX-License-Identifier: MIT
// A callable that returns a future, most of all a coroutine, is kept with its captures and arguments until that future
// is completed: on every loop, whichever function took it.
#include <interloop/blocking.hpp>
#include <interloop/testing/replace_loop.hpp>

#include "support/counted.hpp"
#include "support/loops.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace interloop::test {
namespace {

using namespace std::chrono_literals;

const std::string long_name = "a name that is longer than the small buffer of a string";

// The values of its captures that a coroutine saw after it was suspended, and how often.
struct sight {
  std::string name;
  int times = 0;

  void see(const std::string& seen, const counted& held) {
    name = seen;
    if (held.value == 7 && !held.moved_from) ++times;
  }
};

class kept_callable_test : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    native_ = make_loop(GetParam());
    selected_.emplace(core());
    core().set_exception_handler([this](std::string_view context, const failure& fail) {
      reports.push_back(std::string(context) + ": " + failure_message(fail));
    });
  }
  void TearDown() override {
    selected_.reset();
    if (native_) native_->drop_owner();
    EXPECT_THAT(reports, ::testing::IsEmpty());
    EXPECT_EQ(counted::alive(), 0) << "something was not destroyed, or twice";
  }

  loop& core() { return native_->core(); }
  api io() { return api(core()); }
  void close() {
    selected_.reset();
    native_->drop_owner();
    native_.reset();
  }

  /// A coroutine with captures: it suspends twice before it looks at them.
  auto body() {
    return [name = long_name, held = counted(7), this](auto&&...) -> future<void> {
      co_await io().sleep(1ms);
      co_await io().sleep(1ms);
      seen.see(name, held);
    };
  }
  /// Runs until so many bodies have looked at their captures.
  void expect_sights(int times = 1) {
    run_until(core(), [&] { return seen.times == times && counted::alive() == kept_by_test; });
    EXPECT_EQ(seen.name, long_name);
  }

  sight seen;
  int kept_by_test = 0;
  std::vector<std::string> reports;

 private:
  std::unique_ptr<native_loop> native_;
  std::optional<interloop::testing::loop_replacement> selected_;
};

INSTANTIATE_TEST_SUITE_P(every, kept_callable_test, ::testing::ValuesIn(loop_names()),
                         [](const auto& each) { return each.param; });

TEST_P(kept_callable_test, call_soon_keeps_it) {
  core().call_soon(body());
  expect_sights();
}

TEST_P(kept_callable_test, call_soon_keeps_its_arguments) {
  core().call_soon(
      [this](const std::string& name, const counted& held) -> future<void> {
        co_await io().sleep(1ms);
        seen.see(name, held);
      },
      long_name, counted(7));
  expect_sights();
}

TEST_P(kept_callable_test, call_later_keeps_it) {
  core().call_later(1ms, body());
  expect_sights();
}

TEST_P(kept_callable_test, post_keeps_it) {
  core().post(body());
  core().call_soon([this] { core().post(body()); });
  std::thread([this, remote = core().remote()] { remote.post(body()); }).join();
  expect_sights(3);
}

TEST_P(kept_callable_test, callbacks_keep_themselves) {
  const auto comes = io().create_future<int>(1);
  const auto done = io().create_future<void>();
  resolve(done);
  add_callbacks(comes, body());
  add_callbacks(comes, body(), [](const failure&) {});
  add_callbacks(done, body());
  add_callbacks(comes, std::function<future<void>(int)>(body()));
  add_callbacks(io().create_future<std::unique_ptr<int>>(std::make_unique<int>(1)),
                [inner = body()](std::unique_ptr<int>) mutable -> future<void> { return inner(); });
  expect_sights(5);
}

TEST_P(kept_callable_test, errbacks_keep_themselves) {
  const auto comes = io().create_future_error<int>(std::runtime_error("no luck"));
  add_callbacks(comes, nullptr, body());
  expect_sights();
}

TEST_P(kept_callable_test, a_callback_keeps_the_value_that_it_refers_to) {
  std::string message;
  std::string value;
  {
    const auto comes = io().create_future<std::string>(long_name);
    add_callbacks(comes, [this, &value](const std::string& mine) -> future<void> {
      co_await io().sleep(1ms);
      value = mine;
    });
    const auto fails = io().create_future_error<int>(std::runtime_error(long_name));
    add_callbacks(fails, nullptr, [this, &message](const failure& why) -> future<void> {
      co_await io().sleep(1ms);
      message = why.message();
    });
  }
  run_until(core(), [&] { return !value.empty() && !message.empty(); });
  EXPECT_EQ(value, long_name);
  EXPECT_EQ(message, long_name);
}

TEST_P(kept_callable_test, an_empty_function_that_would_return_a_future_is_absent) {
  const auto comes = io().create_future<int>(1);
  std::function<future<void>(int)> empty;
  EXPECT_THROW(add_callbacks(comes, empty), usage_error);
  add_callbacks(comes, empty, [](const failure&) {});
  add_callbacks(comes, body());
  expect_sights();
}

TEST_P(kept_callable_test, a_canceller_keeps_itself) {
  const auto comes = io().create_future<int>(body());
  const auto other = io().create_future<int>([inner = body()](const future<int>&) mutable { return inner(); });
  cancel(comes);
  cancel(other);
  expect_sights(2);
}

TEST_P(kept_callable_test, a_batched_timer_keeps_it) {
  batched_timer batched(core(), 1ms, 10);
  batched.call_later(1ms, body());
  batched.call_later(1ms, [inner = body()](int) mutable { return inner(); }, 3);
  expect_sights(2);
}

TEST_P(kept_callable_test, a_watch_keeps_the_callable_for_every_call_even_when_it_is_stopped) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  int calls = 0;
  fd_watch watched;
  watched = core().watch(ends[1], interest::write, [&, inner = body()](interest) mutable -> future<void> {
    if (++calls == 3) watched.stop();
    return inner();
  });
  expect_sights(3);
  EXPECT_FALSE(watched.active());
  watched = {};
  for (const int each : ends) ::close(each);
}

TEST_P(kept_callable_test, the_exception_handler_keeps_it) {
  core().set_exception_handler([inner = body(), this](std::string_view, const failure&) mutable -> future<void> {
    auto made = inner();
    core().set_exception_handler({});  // the handler is destroyed while the coroutine runs
    return made;
  });
  core().call_soon([] { throw std::runtime_error("escapes"); });
  expect_sights();
}

TEST_P(kept_callable_test, as_future_keeps_temporaries) {
  auto made = io().as_future(body());
  auto other = io().as_future(
      [this](const std::string& name, counted&& held) -> future<void> {
        co_await io().sleep(1ms);
        seen.see(name, held);
      },
      std::string(long_name), counted(7));
  expect_sights(2);
  EXPECT_TRUE(is_called(made));
  EXPECT_TRUE(is_called(other));
}

TEST_P(kept_callable_test, as_future_calls_a_named_callable_in_place) {
  {
    auto named = body();
    auto holds = [&calls = kept_by_test, inner = std::move(named)]() mutable {
      ++calls;
      return inner();
    };
    auto made = io().as_future(holds);
    EXPECT_EQ(counted::alive(), 2) << "no copy was made: the caller's, and what it was moved from";
    kept_by_test = 2;
    expect_sights();
    EXPECT_TRUE(is_called(made));
  }
  kept_by_test = 0;
}

TEST_P(kept_callable_test, a_function_that_is_destroyed_after_a_call_keeps_its_callable_until_completion) {
  {
    function<future<void>()> fn = body();
    static_cast<void>(fn());
    static_cast<void>(fn());
    function<void(int)> other = body();
    other(3);
  }
  expect_sights(3);
}

TEST_P(kept_callable_test, the_callable_is_destroyed_when_the_future_is_completed_and_not_with_the_last_handle) {
  const auto comes = io().create_future<int>();
  core().call_soon([held = counted(7), comes] { return comes; });
  core().call_soon([held = counted(7)]() -> future<int> { throw std::logic_error("escapes"); });
  core().call_soon([held = counted(7)]() -> future<int> { return {}; });
  core().call_soon([held = counted(7), this] { return io().create_future<int>(5); });
  run_until(core(), [&] { return counted::alive() == 1; });
  EXPECT_EQ(std::exchange(reports, {}).size(), 1u);
  resolve(comes, 1);
  run_until(core(), [&] { return counted::alive() == 0; });
}

TEST_P(kept_callable_test, the_result_of_as_future_can_still_be_moved_out) {
  counted::reset_copies();
  auto made = io().as_future([held = counted(7), this]() -> future<counted> {
    co_await io().sleep(1ms);
    co_return counted(held.value);
  });
  run_until(core(), [&] { return is_called(made); });
  EXPECT_EQ(made.take().value, 7);
  EXPECT_EQ(counted::copies(), 0);
}

TEST_P(kept_callable_test, closing_destroys_the_coroutine_first) {
  // Its locals refer to its captures, and are destroyed while the loop closes.
  struct looks {
    sight& seen;
    const std::string& name;
    const counted& held;
    ~looks() { seen.see(name, held); }
  };
  const auto waits = [this] {
    return [name = long_name, held = counted(7), this](auto&&...) -> future<void> {
      const looks at_end{seen, name, held};
      co_await io().sleep(1h);
    };
  };
  core().call_soon(waits());
  core().call_later(0ms, waits());
  core().post(waits());
  const auto comes = io().create_future<int>(1);
  add_callbacks(comes, waits());
  auto made = io().as_future(waits());
  run_until(core(), [&] { return counted::alive() == 5; });
  bool turned = false;
  core().call_later(2ms, [&] { turned = true; });
  run_until(core(), [&] { return turned; });
  close();
  EXPECT_EQ(seen.times, 5);
  EXPECT_EQ(seen.name, long_name);
  EXPECT_EQ(counted::alive(), 0);
}

TEST_P(kept_callable_test, a_coroutine_that_closes_its_own_loop_still_has_its_captures) {
  core().call_soon([name = long_name, held = counted(7), this]() -> future<void> {
    co_await io().sleep(1ms);
    core().close();
    seen.see(name, held);
  });
  auto called = run_in_reactor(core().remote(), [name = long_name, held = counted(7), this]() -> future<void> {
    co_await io().sleep(1ms);
    core().close();
    seen.see(name, held);
  })();
  while (!core().closed()) core().run();
  EXPECT_EQ(seen.times, 1) << "the other one was destroyed";
  EXPECT_EQ(seen.name, long_name);
  EXPECT_EQ(counted::alive(), 0);
}

TEST(kept_callable_sizes, a_callable_that_returns_no_future_is_stored_as_before) {
  const auto plain = [held = std::array<char, 100>{}] { static_cast<void>(held); };
  const auto empty = []() -> future<void> { co_return; };
  static_assert(sizeof(detail::bind_once(plain)) == sizeof plain);
  static_assert(std::is_same_v<decltype(detail::bind_once(plain)), std::remove_const_t<decltype(plain)>>);
  static_assert(std::is_same_v<decltype(detail::bind_once(empty)), std::remove_const_t<decltype(empty)>>);
  static_assert(std::is_same_v<detail::keeping<int (*)(int), int>, int (*)(int)>);
}

}  // namespace
}  // namespace interloop::test
