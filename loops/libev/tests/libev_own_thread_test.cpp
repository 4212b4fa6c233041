// SPDX-License-Identifier: MIT
// Waits that would deadlock are refused if the application runs a libev loop itself: neither too many (a thread of its
// pool may wait) nor too few (that would hang).
#include "support/blocking.hpp"

#include <interloop/adapters/libev.hpp>
#include <interloop/interloop.hpp>

#include <ev.h>

#include <memory>
#include <optional>
#include <thread>

namespace {

using namespace interloop;
using namespace std::chrono_literals;
using blocking_test::event;
using blocking_test::served;

/// A libev timer of the application, whose handler waits for the loop.
class waiting_timer {
 public:
  waiting_timer(struct ev_loop* native, const loop_remote& remote) : remote_(remote) {
    const auto on_timer = [](struct ev_loop*, ev_timer* timer, int) {
      auto& self = *static_cast<waiting_timer*>(timer->data);
      self.seen_ = served(self.remote_);
    };
    ev_timer_init(&timer_, on_timer, 0., 0.);
    timer_.data = this;
    ev_timer_start(native, &timer_);
  }
  waiting_timer(const waiting_timer&) = delete;
  waiting_timer& operator=(const waiting_timer&) = delete;

  /// The result of `served`; -1: it has not been called yet.
  [[nodiscard]] int seen() const { return seen_; }

 private:
  const loop_remote& remote_;
  int seen_ = -1;
  ev_timer timer_;
};

class libev_own_thread_test : public ::testing::Test {
 protected:
  ~libev_own_thread_test() override { ev_loop_destroy(native_); }
  struct ev_loop* native_ = ev_loop_new(EVFLAG_AUTO);
};

TEST_F(libev_own_thread_test, a_libev_loop_is_known_by_its_last_turn_and_by_run) {
  {
    libev_loop owner(native_);
    const loop_remote remote = owner->remote();
    owner->call_soon([] {});
    ev_run(native_, 0);
    const waiting_timer handler(native_, remote);
    ev_run(native_, 0);
    EXPECT_EQ(handler.seen(), 0) << "the thread of the last turn";
  }
  {
    libev_loop owner(native_);
    const loop_remote remote = owner->remote();
    const waiting_timer handler(native_, remote);
    owner->run();
    EXPECT_EQ(handler.seen(), 0) << "run says where, before any turn";
    // run() is over: no thread runs the loop, and another thread may.
    loop_hold hold = owner->hold();
    std::thread other([this] { ev_run(native_, 0); });
    EXPECT_EQ(served(remote), 1);
    remote.post([&hold] { hold.release(); });
    other.join();
  }
}

TEST_F(libev_own_thread_test, a_libev_loop_that_plain_ev_run_hands_to_another_thread_is_known_there) {
  libev_loop owner(native_);
  const loop_remote remote = owner->remote();
  std::optional<loop_hold> hold = owner->hold();  // without it ev_run returns at once
  // In each thread a turn, and then a handler of the application that waits.
  const auto seen_by_a_handler = [&] {
    remote.post([] {});
    ev_run(native_, EVRUN_NOWAIT);
    const waiting_timer handler(native_, remote);
    while (handler.seen() < 0) ev_run(native_, EVRUN_NOWAIT);
    return handler.seen();
  };
  EXPECT_EQ(seen_by_a_handler(), 0);
  for (int i = 0; i < 2; ++i)
    std::thread([&] { EXPECT_EQ(seen_by_a_handler(), 0) << "the second and third thread"; }).join();
  EXPECT_EQ(seen_by_a_handler(), 0) << "the first one again";
  // Another thread runs the loop now, so this one may wait.
  event turned;
  remote.post([&] { turned.set(); });
  std::thread other([this] { ev_run(native_, 0); });
  turned.wait();
  EXPECT_EQ(served(remote), 1);
  remote.post([&hold] { hold.reset(); });
  other.join();
}

}  // namespace
