// SPDX-License-Identifier: MIT
// Waits that would deadlock are refused if the application runs an event_base itself: neither too many (a thread of its
// pool may wait) nor too few (that would hang).
#include "support/blocking.hpp"

#include <interloop/adapters/libevent.hpp>
#include <interloop/interloop.hpp>

#include <event2/event.h>

#include <memory>
#include <optional>
#include <thread>

namespace {

using namespace interloop;
using namespace std::chrono_literals;
using blocking_test::event;
using blocking_test::served;

using base_ptr = std::unique_ptr<event_base, void (*)(event_base*)>;

/// A timeout of the application's, whose handler waits for the loop.
class waiting_timeout {
 public:
  waiting_timeout(event_base* native, const loop_remote& remote) : remote_(remote) {
    const auto on_timeout = [](int, short, void* timeout) {
      auto& self = *static_cast<waiting_timeout*>(timeout);
      self.seen_ = served(self.remote_);
    };
    timeout_ = event_new(native, -1, 0, on_timeout, this);
    const timeval at_once{};
    event_add(timeout_, &at_once);
  }
  waiting_timeout(const waiting_timeout&) = delete;
  waiting_timeout& operator=(const waiting_timeout&) = delete;
  ~waiting_timeout() { event_free(timeout_); }

  /// The result of `served`; -1: it has not been called yet.
  [[nodiscard]] int seen() const { return seen_; }

 private:
  const loop_remote& remote_;
  int seen_ = -1;
  struct ::event* timeout_;
};

TEST(libevent_own_thread_test, a_libevent_loop_is_known_by_its_last_turn_and_by_run) {
  const base_ptr native(event_base_new(), &event_base_free);
  {
    libevent_loop owner(native.get());
    const loop_remote remote = owner->remote();
    owner->call_soon([] {});
    event_base_dispatch(native.get());
    const waiting_timeout handler(native.get(), remote);
    event_base_dispatch(native.get());
    EXPECT_EQ(handler.seen(), 0) << "the thread of the last turn";
  }
  libevent_loop owner(native.get());
  const loop_remote remote = owner->remote();
  const waiting_timeout handler(native.get(), remote);
  owner->run();
  EXPECT_EQ(handler.seen(), 0) << "run says where, before any turn";
  // run() is over: no thread runs the loop, and another thread may.
  loop_hold hold = owner->hold();
  std::thread other([&native] { event_base_dispatch(native.get()); });
  EXPECT_EQ(served(remote), 1);
  remote.post([&hold] { hold.release(); });
  other.join();
}

TEST(libevent_own_thread_test, a_libevent_loop_that_plain_dispatch_hands_to_another_thread_is_known_there) {
  const base_ptr native(event_base_new(), &event_base_free);
  libevent_loop owner(native.get());
  const loop_remote remote = owner->remote();
  std::optional<loop_hold> hold = owner->hold();  // without it, dispatch returns at once
  // In each thread a turn, and then a handler of the application that waits.
  const auto seen_by_a_handler = [&] {
    remote.post([] {});
    event_base_loop(native.get(), EVLOOP_NONBLOCK);
    const waiting_timeout handler(native.get(), remote);
    while (handler.seen() < 0) event_base_loop(native.get(), EVLOOP_NONBLOCK);
    return handler.seen();
  };
  EXPECT_EQ(seen_by_a_handler(), 0);
  for (int i = 0; i < 2; ++i)
    std::thread([&] { EXPECT_EQ(seen_by_a_handler(), 0) << "the second and third thread"; }).join();
  EXPECT_EQ(seen_by_a_handler(), 0) << "the first one again";
  // Another thread runs the loop now, so this one may wait.
  event turned;
  remote.post([&] { turned.set(); });
  std::thread other([&native] { event_base_dispatch(native.get()); });
  turned.wait();
  EXPECT_EQ(served(remote), 1);
  remote.post([&hold] { hold.reset(); });
  other.join();
}

}  // namespace
