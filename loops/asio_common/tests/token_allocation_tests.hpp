// SPDX-License-Identifier: MIT
// For each flavour of Asio: its tests/ include net.hpp, and then this.
// How much futures and completion tokens allocate, and what happens if an allocation fails: a handler with an executor is
// called all the same, and a function is called unless the initiating function has thrown. Nothing leaks.
#pragma once

#include <interloop/interloop.hpp>

#include <gtest/gtest.h>

#include "support/counted.hpp"
#include "support/failing_new.hpp"

#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>

namespace {

using namespace interloop;
using namespace std::chrono_literals;
using interloop::test::counted;
using interloop::test::failing_new;

// How much `start` allocates in a handler, where Asio reuses memory, after it was called there before.
template <class Start>
long allocated(net::io_context& native, Start start) {
  long count = 0;
  for (int round = 0; round < 2; ++round) {
    net::post(native, [&] {
      const failing_new none(0);
      start();
      count = failing_new::count();
    });
    native.restart();
    native.run();
  }
  return count;
}

TEST(token_allocation_test, a_future_goes_out_with_one_and_comes_in_with_one_besides_its_own) {
  net::io_context native{1};
  net_loop owner(native, one_thread);
  const api io(*owner);
  int called = 0;
  const auto f = io.create_future<int>(1);
  EXPECT_EQ(
      allocated(
          native,
          [&] { async_get(f, net::bind_executor(native.get_executor(), [&](std::exception_ptr, int) { ++called; })); }),
      1);
  EXPECT_EQ(called, 2);

  const net::any_io_executor executor = native.get_executor();
  net::steady_timer timer(native, 0s);
  const long by_itself = allocated(
      native, [&] { timer.async_wait(net::bind_executor(executor, [&](const net_error_code&) { ++called; })); });
  std::optional<future<void>> in;
  EXPECT_LE(allocated(native, [&] { in = timer.async_wait(use_future(*owner)); }), by_itself + 2);
  EXPECT_TRUE(is_called(*in));
}

TEST(token_allocation_test, when_one_fails_a_handler_is_called_or_the_function_throws) {
  for (long failing = 1;; ++failing) {
    ASSERT_LT(failing, 1000);
    SCOPED_TRACE("allocation " + std::to_string(failing));
    bool failed = false;
    {
      net::io_context native{1};
      net_loop owner(native, one_thread);
      const api io(*owner);
      owner->set_exception_handler([](std::string_view, const failure&) {});
      int called = 0;
      const auto notes = [&called, held = counted()](std::exception_ptr, int) { ++called; };
      const auto first = io.create_future<int>([held = counted()] {});
      const auto second = io.create_future<int>([held = counted()] {});
      net::steady_timer timer(native, 0s);
#if NET_HAS_SLOTS
      net::cancellation_signal signal;
#endif
      int thrown = 0;
      std::optional<future<void>> in;
      const auto counts = [&](auto start) {
        try {
          start();
        } catch (const std::bad_alloc&) {
          ++thrown;
        }
      };
      {
        const failing_new one(failing);
        counts([&] { async_get(first, net::bind_executor(native.get_executor(), notes)); });
        const int of_executor = std::exchange(thrown, 0);
        EXPECT_EQ(of_executor, 0) << "a handler with an executor was not called";
#if NET_HAS_SLOTS
        counts([&] { async_get(second, net::bind_cancellation_slot(signal.slot(), notes)); });
#else
        counts([&] { async_get(second, notes); });
#endif
        const int refused = std::exchange(thrown, 0);
        called += refused;
        counts([&] { in = timer.async_wait(use_future(*owner)); });
        failed = failing_new::failed();
      }
      EXPECT_TRUE(in || failed);
      resolve(first, 1);
      resolve(second, 2);
      native.run();
      EXPECT_EQ(called, 2);
      if (in) {
        EXPECT_TRUE(is_called(*in));
        EXPECT_FALSE(in->get_failure());
      }
    }
    EXPECT_EQ(counted::alive(), 0);
    if (!failed) return;
    if (HasFailure()) return;
  }
}

}  // namespace
