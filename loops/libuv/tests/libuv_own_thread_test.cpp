// SPDX-License-Identifier: MIT
// Waits that would deadlock are refused if the application runs a libuv loop itself: neither too many (a thread of its
// pool may wait) nor too few (that would hang).
#include "support/blocking.hpp"

#include <interloop/adapters/libuv.hpp>
#include <interloop/interloop.hpp>

#include <uv.h>

#include <optional>
#include <thread>

namespace {

using namespace interloop;
using namespace std::chrono_literals;
using blocking_test::event;
using blocking_test::served;

/// A libuv timer of the application, whose handler waits for the loop. Destroy it after another turn of libuv.
class waiting_timer {
 public:
  waiting_timer(uv_loop_t& native, const loop_remote& remote) : remote_(remote) {
    uv_timer_init(&native, &timer_);
    timer_.data = this;
    const auto on_timer = [](uv_timer_t* handle) {
      auto& self = *static_cast<waiting_timer*>(handle->data);
      self.seen_ = served(self.remote_);
      uv_close(reinterpret_cast<uv_handle_t*>(handle), nullptr);
    };
    uv_timer_start(&timer_, on_timer, 0, 0);
  }
  waiting_timer(const waiting_timer&) = delete;
  waiting_timer& operator=(const waiting_timer&) = delete;

  /// The result of `served`; -1: it has not been called yet.
  [[nodiscard]] int seen() const { return seen_; }

 private:
  const loop_remote& remote_;
  int seen_ = -1;
  uv_timer_t timer_;
};

TEST(libuv_own_thread_test, a_libuv_loop_is_known_by_its_last_turn_and_by_run) {
  uv_loop_t native;
  uv_loop_init(&native);
  {
    libuv_loop owner(&native);
    const loop_remote remote = owner->remote();
    owner->call_soon([] {});
    uv_run(&native, UV_RUN_DEFAULT);
    const waiting_timer handler(native, remote);
    uv_run(&native, UV_RUN_DEFAULT);
    EXPECT_EQ(handler.seen(), 0) << "the thread of the last turn";
  }
  uv_run(&native, UV_RUN_DEFAULT);

  {
    libuv_loop owner(&native);
    const loop_remote remote = owner->remote();
    const waiting_timer handler(native, remote);
    owner->run();
    EXPECT_EQ(handler.seen(), 0) << "run says where, before any turn";
    // run() is over: no thread runs the loop, and another thread may.
    loop_hold hold = owner->hold();
    std::thread other([&native] { uv_run(&native, UV_RUN_DEFAULT); });
    EXPECT_EQ(served(remote), 1);
    remote.post([&hold] { hold.release(); });
    other.join();
  }
  uv_run(&native, UV_RUN_DEFAULT);
  EXPECT_EQ(uv_loop_close(&native), 0);
}

TEST(libuv_own_thread_test, a_libuv_loop_that_plain_uv_run_hands_to_another_thread_is_known_there) {
  uv_loop_t native;
  uv_loop_init(&native);
  {
    libuv_loop owner(&native);
    const loop_remote remote = owner->remote();
    std::optional<loop_hold> hold = owner->hold();  // without it uv_run returns at once
    // In each thread a turn, and then a handler of the application that waits.
    const auto seen_by_a_handler = [&] {
      remote.post([] {});
      uv_run(&native, UV_RUN_NOWAIT);
      const waiting_timer handler(native, remote);
      while (handler.seen() < 0) uv_run(&native, UV_RUN_NOWAIT);
      uv_run(&native, UV_RUN_NOWAIT);
      return handler.seen();
    };
    EXPECT_EQ(seen_by_a_handler(), 0);
    for (int i = 0; i < 2; ++i)
      std::thread([&] { EXPECT_EQ(seen_by_a_handler(), 0) << "the second and third thread"; }).join();
    EXPECT_EQ(seen_by_a_handler(), 0) << "the first one again";
    // Another thread runs the loop now, so this one may wait.
    event turned;
    remote.post([&] { turned.set(); });
    std::thread other([&native] { uv_run(&native, UV_RUN_DEFAULT); });
    turned.wait();
    EXPECT_EQ(served(remote), 1);
    remote.post([&hold] { hold.reset(); });
    other.join();
  }
  uv_run(&native, UV_RUN_DEFAULT);
  EXPECT_EQ(uv_loop_close(&native), 0);
}

}  // namespace
