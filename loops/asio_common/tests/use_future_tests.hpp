// SPDX-License-Identifier: MIT
// For each flavour of Asio: its tests/ include net.hpp, and then this.
// An operation of Asio comes in as a future: its type, its errors, cancelling, closing, several threads.
#pragma once

#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/counted.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using namespace interloop;
using namespace std::chrono_literals;
using interloop::test::counted;

// An operation that ends with these arguments, in a later handler.
template <class... Args, class Token, class... Given>
auto async_give(net::io_context& native, Token&& token, Given... given) {
  return net::async_initiate<Token, void(Args...)>(
      [&native](auto handler, auto... values) {
        const auto executor = net::get_associated_executor(handler, native.get_executor());
        net::post(native, [handler = std::move(handler), values..., work = net::make_work_guard(executor)]() mutable {
          net::dispatch(work.get_executor(), [handler = std::move(handler), values...]() mutable {
            std::move(handler)(std::move(values)...);
          });
        });
      },
      token, std::move(given)...);
}

class use_future_test : public ::testing::Test {
 public:
  use_future_test() { config().loop = &io.loop(); }
  ~use_future_test() override { config().loop = nullptr; }

  void run() {
    native.restart();
    native.run();
  }

  net::io_context native{1};
  std::optional<net_loop> owner{std::in_place, native, one_thread};
  api io{**owner};
};

TEST_F(use_future_test, the_completion_signature_is_the_futures_type) {
  future<void> nothing = async_give<>(native, use_future);
  future<int> one = async_give<int>(native, use_future, 7);
  future<std::tuple<int, std::string>> two = async_give<int, std::string>(native, use_future, 1, "text");
  future<void> error = async_give<net_error_code>(native, use_future, net_error_code());
  future<std::unique_ptr<int>> moved =
      async_give<std::exception_ptr, std::unique_ptr<int>>(native, use_future, std::exception_ptr(), nullptr);
  bool in_a_turn = false;
  add_callbacks(nothing, [&] { in_a_turn = true; });
  EXPECT_FALSE(is_called(nothing));
  run();
  EXPECT_TRUE(in_a_turn);
  EXPECT_EQ(one.value(), 7);
  EXPECT_EQ(two.value(), std::tuple(1, "text"));
  EXPECT_TRUE(is_called(error));
  error.value();
  EXPECT_EQ(moved.take(), nullptr);
}

TEST_F(use_future_test, an_error_code_is_the_flavours_system_error_and_an_exception_stays_as_it_is) {
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  net::posix::stream_descriptor reader(native, fds[0]);
  ::close(fds[1]);
  char byte;
  const auto read = reader.async_read_some(net::buffer(&byte, 1), use_future);
  const auto thrown = async_give<std::exception_ptr, int>(native, use_future,
                                                          std::make_exception_ptr(std::out_of_range("no such row")), 0);
  run();
  try {
    read.value();
    FAIL();
  } catch (const net_system_error& error) {
    EXPECT_EQ(error.code(), net::error::eof);
  }
  EXPECT_TRUE(thrown.get_failure()->is<std::out_of_range>());
}

TEST_F(use_future_test, an_operation_that_is_cancelled_outside_is_a_cancelled_future_and_not_reported) {
  int reports = 0;
  io.loop().set_exception_handler([&](std::string_view, const failure&) { ++reports; });
  net::steady_timer timer(native, 1h);
  auto waits = timer.async_wait(use_future);
  const auto thrown = async_give<std::exception_ptr>(
      native, use_future, std::make_exception_ptr(net_system_error(net::error::operation_aborted)));
  timer.cancel();
  run();
  EXPECT_TRUE(waits.get_failure()->is<cancelled_error>());
  EXPECT_TRUE(thrown.get_failure()->is<cancelled_error>());
  waits = timer.async_wait(use_future);
  timer.cancel();
  waits = {};
  run();
  EXPECT_EQ(reports, 0);
}

TEST_F(use_future_test, a_coroutine_awaits_operations_and_its_cancellation_reaches_them) {
  net::steady_timer timer(native);
  const auto waits = [&](api) -> future<int> {
    timer.expires_after(1ms);
    co_await timer.async_wait(use_future);
    timer.expires_after(1h);
    co_await timer.async_wait(use_future);
    co_return 1;
  };
  const auto f = waits(io);
  io.call_later(3ms, [&] { cancel(f); });
#if !NET_HAS_SLOTS
  io.call_later(4ms, [&] { timer.cancel(); });
#endif
  run();  // ends, because no timer is left
  EXPECT_TRUE(f.get_failure()->is<cancelled_error>());
}

#if NET_HAS_SLOTS
TEST_F(use_future_test, an_operation_may_end_while_its_signal_is_emitted) {
  std::optional<future<int>> f;
  int ended = 0;
  f = net::async_initiate<const use_future_t, void(net_error_code, int)>(
      [&](auto handler) {
        auto slot = net::get_associated_cancellation_slot(handler);
        ASSERT_TRUE(slot.is_connected());
        slot.assign([&ended, held = std::make_shared<decltype(handler)>(std::move(handler))](net::cancellation_type) {
          ++ended;
          const auto mine = held;  // the slot goes with the handler
          (*mine)(net::error::operation_aborted, 0);
        });
      },
      use_future);
  EXPECT_FALSE(is_called(*f));
  EXPECT_TRUE(cancel(*f));
  EXPECT_EQ(ended, 1);
  EXPECT_TRUE(f->get_failure()->is<cancelled_error>());
}
#else
TEST_F(use_future_test, without_cancellation_slots_a_cancelled_operation_goes_on_and_its_result_is_dropped) {
  net::steady_timer timer(native, 2ms);
  const auto f = timer.async_wait(use_future);
  cancel(f);
  EXPECT_TRUE(f.get_failure()->is<cancelled_error>());
  native.poll();
  EXPECT_FALSE(native.stopped());
  run();
}
#endif

TEST_F(use_future_test, the_handler_that_completes_it_runs_the_loops_turn) {
  std::vector<std::string> order;
  auto f = async_give<int>(native, use_future, 1);
  add_callbacks(f, [&](int) { order.push_back("callback"); });
  net::post(native, [&] { order.push_back("posted later"); });
  run();
  EXPECT_EQ(order, (std::vector<std::string>{"callback", "posted later"}));
}

TEST_F(use_future_test, an_operation_that_ends_inside_its_initiation_runs_no_callback_there) {
  bool called = false;
  io.call_soon([&] { called = true; });
  const auto f = net::async_initiate<const use_future_t, void(int)>([](auto handler) { handler(7); }, use_future);
  EXPECT_EQ(f.value(), 7);
  EXPECT_FALSE(called);
  run();
  EXPECT_TRUE(called);
}

TEST_F(use_future_test, a_callback_may_destroy_the_context_that_completed_its_future) {
  auto other = std::make_unique<net_loop>();
  net::steady_timer timer(native, 0s);
  loop& core = **other;
  auto f = timer.async_wait(use_future(core));
  add_callbacks(f, [&] { other.reset(); });
  native.run();
  core.run();
  EXPECT_FALSE(other);
}

TEST_F(use_future_test, as_tuple_keeps_the_error_as_a_value) {
#if NET_HAS_AS_TUPLE
  const auto f = async_give<net_error_code, int>(native, as_tuple(use_future), net_error_code(net::error::eof), 3);
  run();
  EXPECT_EQ(std::get<0>(f.value()), net::error::eof);
  EXPECT_EQ(std::get<1>(f.value()), 3);
#else
  GTEST_SKIP() << "this release has no as_tuple";
#endif
}

TEST_F(use_future_test, a_loop_may_be_given_and_has_to_be_open_and_of_this_flavour) {
  net::io_context other{1};
  net_loop on_other(other, one_thread);
  const auto f = async_give<int>(native, use_future(*on_other), 7);
  EXPECT_EQ(&f.loop(), &*on_other);
  run();
  EXPECT_FALSE(is_called(f)) << "its handler runs in its loop";
  other.run();
  EXPECT_EQ(f.value(), 7);

  interloop::testing::manual_loop manual;
  bool initiated = false;
  const auto start = [&](const use_future_t& token) {
    static_cast<void>(net::async_initiate<const use_future_t, void()>([&](auto) { initiated = true; }, token));
  };
  EXPECT_THROW(start(use_future(*manual)), usage_error);
  on_other->close();
  EXPECT_THROW(start(use_future(*on_other)), loop_closed);
  config().loop = nullptr;
  EXPECT_THROW(start(use_future), usage_error);
  EXPECT_FALSE(initiated);
}

TEST_F(use_future_test, what_the_initiating_function_throws_passes_through_and_a_dropped_handler_breaks_the_promise) {
  int reports = 0;
  io.loop().set_exception_handler([&](std::string_view, const failure&) { ++reports; });
  const auto start = [&](bool throws) {
    return net::async_initiate<const use_future_t, void()>(
        [&](auto handler) {
          const auto mine = std::move(handler);
          if (throws) throw std::runtime_error("refused");
        },
        use_future);
  };
  EXPECT_THROW(static_cast<void>(start(true)), std::runtime_error);
  const auto dropped = start(false);
  run();
  EXPECT_EQ(reports, 0);
  EXPECT_TRUE(dropped.get_failure()->is<broken_promise>());
}

TEST_F(use_future_test, a_loop_that_closes_first_fails_the_future_and_the_operation_ends_without_it) {
  net::steady_timer timer(native, 2ms);
  const auto f = timer.async_wait(use_future);
  owner.reset();
  EXPECT_TRUE(f.get_failure()->is<loop_closed>());
  run();
}

TEST_F(use_future_test, a_context_that_is_destroyed_first_fails_the_future) {
  auto other = std::make_unique<net::io_context>(1);
  net_loop on_other(*other);
  std::optional<net::steady_timer> timer(std::in_place, *other, 1h);
  const auto f = timer->async_wait(use_future(*on_other));
  timer.reset();
  other.reset();
  EXPECT_TRUE(f.get_failure()->is<loop_closed>());
}

TEST_F(use_future_test, on_a_strand_futures_are_settled_one_at_a_time_whatever_threads_run_the_context) {
  net::io_context several;
  net_loop on_several(several);
  api on(*on_several);
  constexpr int count = 50;
  int ended = 0;  // not atomic: the strand orders it
  const auto works = [&](api) -> future<void> {
    for (int each = 0; each < 20; ++each) {
      co_await async_give<int>(several, use_future, each);
      ++ended;
    }
  };
  on.post([&] {
    for (int each = 0; each < count; ++each) add_callbacks(works(on), [] {});
  });
  std::vector<std::thread> threads;
  for (int each = 0; each < 3; ++each) threads.emplace_back([&] { several.run(); });
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(ended, 20 * count);
}

#if NET_HAS_CO_AWAIT
net::awaitable<int> answers(net::io_context& native, bool throws) {
  co_await async_give<>(native, net::use_awaitable);
  if (throws) throw std::out_of_range("no such row");
  co_return 7;
}

TEST_F(use_future_test, a_coroutine_of_asio_is_spawned_as_a_future) {
  const auto value = net::co_spawn(native, answers(native, false), use_future);
  const auto thrown = net::co_spawn(native, answers(native, true), use_future);
  run();
  EXPECT_EQ(value.value(), 7);
  EXPECT_TRUE(thrown.get_failure()->is<std::out_of_range>());
}

TEST_F(use_future_test, there_and_back_through_both_kinds_of_coroutines) {
  const auto inner = [&](api) -> future<int> {
    co_return 1 + co_await net::co_spawn(native, answers(native, false), use_future);
  };
  const auto outer = [&]() -> net::awaitable<int> { co_return 1 + co_await async_get(inner(io), net::use_awaitable); };
  const auto f = net::co_spawn(native, outer(), use_future);
  run();
  EXPECT_EQ(f.value(), 9);
}

#if NET_HAS_SLOTS
TEST_F(use_future_test, cancelling_passes_through_both_kinds_of_coroutines) {
  bool asked = false;
  const auto end = io.create_future<int>([&] { asked = true; });
  const auto inner = [&](api) -> future<int> { co_return co_await end; };
  const auto outer = [&]() -> net::awaitable<int> { co_return co_await async_get(inner(io), net::use_awaitable); };
  const auto f = net::co_spawn(native, outer(), use_future);
  native.poll();
  cancel(f);
  run();
  EXPECT_TRUE(asked);
  EXPECT_TRUE(f.get_failure()->is<cancelled_error>());
}
#endif
#endif

}  // namespace
