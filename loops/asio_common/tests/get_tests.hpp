// SPDX-License-Identifier: MIT
// For each flavour of Asio: its tests/ include net.hpp, and then this.
// A future goes out to a completion token: who is called, when, where, and in which cases.
#pragma once

#include <interloop/interloop.hpp>

#include <gtest/gtest.h>

#include "support/counted.hpp"

#include <chrono>
#include <cstddef>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

namespace {

using namespace interloop;
using namespace std::chrono_literals;
using interloop::test::counted;

// The exception's type and, for std exceptions, what it says.
std::string name_of(const std::exception_ptr& error) {
  if (!error) return "none";
  const failure why(error);
  return why.type_name();
}

class get_test : public ::testing::Test {
 public:
  // A handler that notes what it got.
  auto noting() {
    return
        [this](std::exception_ptr error, int value) { got.push_back(error ? name_of(error) : std::to_string(value)); };
  }
  void run() {
    native.restart();
    native.run();
  }

  net::io_context native{1};
  std::optional<net_loop> owner{std::in_place, native, one_thread};
  api io{**owner};
  std::vector<std::string> got;
};

TEST_F(get_test, a_function_is_called_in_a_later_turn_also_for_a_future_that_is_completed) {
  const auto f = io.create_future<int>(7);
  async_get(f, noting());
  EXPECT_TRUE(got.empty());
  run();
  EXPECT_EQ(got, std::vector<std::string>{"7"});
}

TEST_F(get_test, a_failure_keeps_its_type_and_counts_as_looked_at) {
  int reports = 0;
  io.loop().set_exception_handler([&](std::string_view, const failure&) { ++reports; });
  auto f = io.create_future<int>();
  async_get(f, noting());
  reject(f, std::out_of_range("no such row"));
  f = {};
  run();
  EXPECT_EQ(got, std::vector<std::string>{"std::out_of_range"});
  EXPECT_EQ(reports, 0);
}

TEST_F(get_test, values_are_moved_and_may_be_absent) {
  std::unique_ptr<int> moved;
  bool ended = false;
  const auto nothing = io.create_future<void>();
  resolve(nothing);
  async_get(io.create_future<std::unique_ptr<int>>(std::make_unique<int>(3)),
            [&](std::exception_ptr, std::unique_ptr<int> value) { moved = std::move(value); });
  async_get(nothing, [&](std::exception_ptr error) { ended = !error; });
  run();
  ASSERT_TRUE(moved);
  EXPECT_EQ(*moved, 3);
  EXPECT_TRUE(ended);
}

TEST_F(get_test, neither_the_loop_nor_the_handlers_context_ends_while_it_is_pending) {
  net::io_context other{1};
  const auto f = io.create_future<int>();
  async_get(f, net::bind_executor(other.get_executor(), noting()));
  native.poll();
  other.poll();
  EXPECT_FALSE(native.stopped());
  EXPECT_FALSE(other.stopped());
  resolve(f, 1);
  native.run();  // ends
  EXPECT_TRUE(got.empty()) << "its executor is the other context's";
  other.run();
  EXPECT_EQ(got, std::vector<std::string>{"1"});
}

TEST_F(get_test, a_handler_whose_executor_allows_it_runs_inside_the_turn_before_what_was_added_later) {
  const auto strand = net::make_strand(native);
  const auto f = io.create_future<int>();
  async_get(f, net::bind_executor(native.get_executor(), noting()));
  async_get(f, net::bind_executor(strand, noting()));
  add_callbacks(f, [&](int) { got.push_back("callback"); });
  net::post(native, [&] { got.push_back("posted later"); });
  resolve(f, 1);
  net::post(native, [&] { got.push_back("posted last"); });
  run();
  const std::vector<std::string> wanted{"1", "1", "callback"};
  const auto first = std::find(got.begin(), got.end(), "1");
  ASSERT_GE(got.end() - first, 3);
  EXPECT_EQ(std::vector<std::string>(first, first + 3), wanted);
}

TEST_F(get_test, a_handler_of_another_threads_context_is_called_there) {
  net::io_context other{1};
  auto work = std::make_optional(net::make_work_guard(other));
  std::thread thread([&] { other.run(); });
  const auto expected = thread.get_id();
  std::promise<std::thread::id> called;
  const auto f = io.create_future<std::string>();
  async_get(f, net::bind_executor(other.get_executor(), [&](std::exception_ptr, const std::string& text) {
              EXPECT_EQ(text, "a text that is long enough to be allocated");
              called.set_value(std::this_thread::get_id());
            }));
  resolve(f, "a text that is long enough to be allocated");
  run();
  EXPECT_EQ(called.get_future().get(), expected);
  work.reset();
  thread.join();
}

TEST_F(get_test, a_future_that_nobody_can_complete_is_told_as_a_broken_promise) {
  auto f = io.create_future<int>();
  async_get(f, noting());
  f = {};
  run();
  async_get(io.create_future<int>(), noting());
  run();
  EXPECT_EQ(got, (std::vector<std::string>{"interloop::broken_promise", "interloop::broken_promise"}));
}

TEST_F(get_test, when_the_loop_closes_a_handler_with_an_executor_is_posted_and_a_function_called) {
  const auto f = io.create_future<int>();
  async_get(f, net::bind_executor(native.get_executor(), noting()));
  int called = 0;
  async_get(f, [&](std::exception_ptr error, int) {
    EXPECT_EQ(name_of(error), "interloop::loop_closed");
    ++called;
  });
  io.call_soon([&] {
    io.loop().close();
    EXPECT_EQ(called, 1);
    EXPECT_TRUE(got.empty()) << "no handler of an executor is called inside close";
  });
  run();
  EXPECT_EQ(got, std::vector<std::string>{"interloop::loop_closed"});
}

TEST_F(get_test, of_a_closed_loop_a_handler_with_an_executor_is_told_later_and_a_function_refused) {
  const auto f = io.create_future<int>(7);
  io.loop().close();
  async_get(f, net::bind_executor(native.get_executor(), noting()));
  EXPECT_TRUE(got.empty());
  EXPECT_THROW(async_get(f, noting()), loop_closed);
  run();
  EXPECT_EQ(got, std::vector<std::string>{"interloop::loop_closed"});
  EXPECT_THROW(async_get(future<int>(), noting()), usage_error);
}

TEST_F(get_test, a_std_future_gets_the_value_the_failure_and_the_close) {
  auto value = async_get(io.create_future<int>(7), net::use_future);
  auto failed = async_get(io.create_future_error<int>(std::length_error("long")), net::use_future);
  const auto pending = io.create_future<void>();
  auto closed = async_get(pending, net::use_future);
  native.poll();
  EXPECT_EQ(value.get(), 7);
  EXPECT_THROW(failed.get(), std::length_error);
  io.loop().close();
  ASSERT_EQ(closed.wait_for(0s), std::future_status::ready);
  EXPECT_THROW(closed.get(), loop_closed);
  auto late = async_get(pending, net::use_future);
  ASSERT_EQ(late.wait_for(0s), std::future_status::ready);
  EXPECT_THROW(late.get(), loop_closed);
}

TEST_F(get_test, a_context_that_is_destroyed_first_destroys_the_handler_without_calling_it) {
  {
    auto other = std::make_unique<net::io_context>(1);
    net_loop on_other(*other, one_thread);
    const auto f = with_config(*on_other).create_future<int>();
    async_get(f, net::bind_executor(other->get_executor(),
                                    [this, held = counted()](std::exception_ptr, int) { got.push_back("called"); }));
    other.reset();
    EXPECT_TRUE(f.get_failure()->is<loop_closed>());
  }
  EXPECT_TRUE(got.empty());
  EXPECT_EQ(counted::alive(), 0);
}

TEST_F(get_test, what_a_handler_throws_in_the_loops_turn_goes_to_its_exception_handler) {
  std::string reported;
  io.loop().set_exception_handler([&](std::string_view, const failure& why) { reported = why.message(); });
  async_get(io.create_future<int>(7), [](std::exception_ptr, int) { throw std::runtime_error("in a handler"); });
  run();
  EXPECT_EQ(reported, "in a handler");
}

struct copy_fails {
  copy_fails() = default;
  copy_fails(copy_fails&&) = default;
  copy_fails(const copy_fails&) { throw std::domain_error("no copy"); }
};

TEST_F(get_test, a_value_that_cannot_be_copied_for_it_is_an_error) {
  const auto f = io.create_future<copy_fails>(copy_fails());
  std::string error;
  async_get(f, [&](std::exception_ptr why, copy_fails) { error = name_of(why); });  // f needs the value too
  run();
  EXPECT_EQ(error, "std::domain_error");
}

// A handler with an allocator of its own.
struct allocations {
  int made = 0;
  int live = 0;
};
template <class T>
struct counting_allocator {
  using value_type = T;
  allocations* counts;
  explicit counting_allocator(allocations& in) noexcept : counts(&in) {}
  template <class U>
  counting_allocator(const counting_allocator<U>& other) noexcept : counts(other.counts) {}
  T* allocate(std::size_t count) {
    ++counts->made;
    ++counts->live;
    return static_cast<T*>(::operator new(count * sizeof(T)));
  }
  void deallocate(T* memory, std::size_t) noexcept {
    --counts->live;
    ::operator delete(memory);
  }
  template <class U>
  bool operator==(const counting_allocator<U>& other) const noexcept {
    return counts == other.counts;
  }
};
struct allocating_handler {
  using allocator_type = counting_allocator<char>;
  allocations* counts;
  int* live_when_called;
  allocator_type get_allocator() const noexcept { return allocator_type(*counts); }
  void operator()(std::exception_ptr, int) { *live_when_called = counts->live; }
};

TEST_F(get_test, memory_comes_once_from_the_handlers_allocator_and_is_free_when_it_is_called) {
  allocations counts;
  int live = -1;
  const auto f = io.create_future<int>();
  async_get(f, allocating_handler{&counts, &live});
  EXPECT_EQ(counts.live, 1);
  resolve(f, 1);
  run();
  EXPECT_EQ(live, 0);
  EXPECT_EQ(counts.made, 1);
  async_get(io.create_future<int>(), allocating_handler{&counts, &live});
  owner.reset();
  EXPECT_EQ(counts.live, 0);
}

#if NET_HAS_SLOTS
TEST_F(get_test, its_cancellation_slot_cancels_the_future) {
  net::cancellation_signal signal;
  bool asked = false;
  const auto f = io.create_future<int>([&] { asked = true; });
  async_get(f, net::bind_cancellation_slot(signal.slot(), noting()));
  signal.emit(net::cancellation_type::total);
  EXPECT_TRUE(asked);
  EXPECT_TRUE(got.empty()) << "not inside of emit";
  run();
  EXPECT_EQ(got, std::vector<std::string>{"interloop::cancelled_error"});
  signal.emit(net::cancellation_type::all);  // too late
  EXPECT_EQ(got.size(), 1U);
}

TEST_F(get_test, a_later_operation_takes_the_slot_over) {
  net::cancellation_signal signal;
  const auto first = io.create_future<int>();
  const auto second = io.create_future<int>();
  async_get(first, net::bind_cancellation_slot(signal.slot(), noting()));
  async_get(second, net::bind_cancellation_slot(signal.slot(), noting()));
  signal.emit(net::cancellation_type::terminal);
  EXPECT_FALSE(is_called(first));
  EXPECT_TRUE(is_called(second));
  resolve(first, 1);
  run();
  EXPECT_EQ(got, (std::vector<std::string>{"interloop::cancelled_error", "1"}));
}

TEST_F(get_test, the_slot_may_be_used_again_while_it_cancels) {
  net::cancellation_signal signal;
  const auto again = io.create_future<int>();
  const auto f = io.create_future<int>([&] { async_get(again, net::bind_cancellation_slot(signal.slot(), noting())); });
  async_get(f, net::bind_cancellation_slot(signal.slot(), noting()));
  signal.emit(net::cancellation_type::terminal);
  signal.emit(net::cancellation_type::terminal);
  run();
  EXPECT_TRUE(is_called(again));
  EXPECT_EQ(got.size(), 2U);
}

TEST_F(get_test, a_coroutine_that_ignores_a_cancellation_may_be_asked_again) {
  net::cancellation_signal signal;
  int refused = 0;
  const auto stubborn = [&](api on) -> future<int> {
    for (;;) {
      try {
        co_await on.sleep(1h);
      } catch (const cancelled_error&) {
        if (++refused == 2) throw;
      }
    }
  };
  async_get(stubborn(io), net::bind_cancellation_slot(signal.slot(), noting()));
  io.call_soon([&] {
    signal.emit(net::cancellation_type::terminal);
    io.call_later(0ms, [&] { signal.emit(net::cancellation_type::terminal); });
  });
  run();
  EXPECT_EQ(refused, 2);
  EXPECT_EQ(got, std::vector<std::string>{"interloop::cancelled_error"});
}

TEST_F(get_test, a_canceller_that_closes_the_loop_ends_the_operation_too) {
  net::cancellation_signal signal;
  const auto f = io.create_future<int>([&] { io.loop().close(); });
  async_get(f, net::bind_cancellation_slot(signal.slot(), net::bind_executor(native.get_executor(), noting())));
  signal.emit(net::cancellation_type::terminal);
  run();
  EXPECT_EQ(got, std::vector<std::string>{"interloop::loop_closed"});
}
#endif

#if NET_HAS_AS_TUPLE
TEST_F(get_test, as_tuple_gives_all_in_one) {
  std::optional<std::tuple<std::exception_ptr, int>> all;
  async_get(io.create_future<int>(7),
            as_tuple([&](std::tuple<std::exception_ptr, int> given) { all = std::move(given); }));
  run();
  ASSERT_TRUE(all);
  EXPECT_EQ(std::get<1>(*all), 7);
}
#endif

#if NET_HAS_DEFERRED
TEST_F(get_test, a_deferred_operation_starts_when_it_is_called) {
  int started = 0;
  const auto f = io.create_future<int>([&] { ++started; });
  auto later = async_get(f, deferred);
  run();
  EXPECT_TRUE(got.empty());
  std::move(later)(noting());
  resolve(f, 7);
  run();
  EXPECT_EQ(got, std::vector<std::string>{"7"});
  static_cast<void>(async_get(f, deferred));  // is never started
}
#endif

#if NET_HAS_CO_AWAIT
// Runs an awaitable, and notes how co_spawn says that it ended.
class get_awaitable_test : public get_test {
 public:
  void spawn(net::awaitable<int> body) { net::co_spawn(native, std::move(body), noting()); }
};

net::awaitable<int> twice(future<int> f) { co_return 2 * co_await async_get(std::move(f), net::use_awaitable); }

TEST_F(get_awaitable_test, a_coroutine_of_asio_awaits_a_future) {
  const auto f = io.create_future<int>();
  spawn(twice(f));
  spawn(twice(io.create_future<int>(4)));
  io.call_soon([&] { resolve(f, 7); });
  run();
  EXPECT_EQ(got, (std::vector<std::string>{"8", "14"}));
}

TEST_F(get_awaitable_test, it_gets_every_end_as_an_exception_of_its_type) {
  spawn(twice(io.create_future_error<int>(std::out_of_range("no such row"))));
  spawn(twice(io.create_future<int>()));
  const auto pending = io.create_future<int>();
  spawn(twice(pending));
  native.poll();
  EXPECT_EQ(got, (std::vector<std::string>{"std::out_of_range", "interloop::broken_promise"}));
  io.loop().close();
  EXPECT_EQ(got.size(), 2U);
  spawn(twice(pending));  // of a closed loop
  run();
  ASSERT_EQ(got.size(), 4U);
  EXPECT_EQ(got[2], "interloop::loop_closed");
  EXPECT_EQ(got[3], "interloop::loop_closed");
}

TEST_F(get_awaitable_test, a_context_that_is_destroyed_first_destroys_the_coroutine) {
  const auto holds = [](future<int> f) -> net::awaitable<int> {
    const counted held;
    co_return co_await async_get(std::move(f), net::use_awaitable);
  };
  {
    net::io_context other{1};
    net_loop on_other(other, one_thread);
    const auto f = with_config(*on_other).create_future<int>();
    net::co_spawn(other, holds(f), noting());
    other.poll();
    EXPECT_EQ(counted::alive(), 1);
  }
  EXPECT_EQ(counted::alive(), 0);
  EXPECT_TRUE(got.empty());
}

#if NET_HAS_SLOTS
TEST_F(get_awaitable_test, a_coroutine_of_co_spawn_passes_on_terminal_cancellation_only) {
  for (const bool terminal : {false, true}) {
    got.clear();
    net::cancellation_signal signal;
    const auto f = io.create_future<int>();
    net::co_spawn(native, twice(f), net::bind_cancellation_slot(signal.slot(), noting()));
    native.restart();
    native.poll();
    signal.emit(terminal ? net::cancellation_type::terminal : net::cancellation_type::total);
    native.poll();
    EXPECT_EQ(is_called(f), terminal);
    if (!terminal) resolve(f, 4);
    run();
    EXPECT_EQ(got, std::vector<std::string>{terminal ? "interloop::cancelled_error" : "8"});
  }
}

TEST_F(get_awaitable_test, after_a_cancellation_asio_does_not_start_the_next_await_unless_told_to) {
  const auto goes_on = [](future<int> first, future<int> second, bool told) -> net::awaitable<int> {
    if (told) co_await net::this_coro::throw_if_cancelled(false);
    try {
      co_await async_get(std::move(first), net::use_awaitable);
    } catch (const cancelled_error&) {
    }
    co_return co_await async_get(second, net::use_awaitable);
  };
  for (const bool told : {false, true}) {
    got.clear();
    net::cancellation_signal signal;
    const auto first = io.create_future<int>();
    const auto second = io.create_future<int>(5);
    net::co_spawn(native, goes_on(first, second, told), net::bind_cancellation_slot(signal.slot(), noting()));
    native.restart();
    native.poll();
    signal.emit(net::cancellation_type::terminal);
    run();
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0] == "5", told) << got[0];
  }
}
#endif

#if NET_HAS_AS_TUPLE
TEST_F(get_awaitable_test, as_tuple_gives_the_failure_as_a_value) {
  const auto looks = [](future<int> f) -> net::awaitable<int> {
    const auto [error, value] = co_await async_get(std::move(f), as_tuple(net::use_awaitable));
    co_return error ? -1 : value;
  };
  spawn(looks(io.create_future_error<int>(std::out_of_range("no such row"))));
  spawn(looks(io.create_future<int>(7)));
  run();
  EXPECT_EQ(got, (std::vector<std::string>{"-1", "7"}));
}
#endif
#endif

}  // namespace
