// SPDX-License-Identifier: MIT
// Waits that would deadlock are refused if the application runs an sd_event itself: neither too many (a thread of its
// pool may wait) nor too few (that would hang).
#include "support/blocking.hpp"

#include <interloop/adapters/sd_event.hpp>
#include <interloop/interloop.hpp>

#include <systemd/sd-event.h>

#include <thread>

namespace {

using namespace interloop;
using namespace std::chrono_literals;
using blocking_test::event;
using blocking_test::served;

/// A source of the application's, which precedes interloop's, and whose handler waits for the loop once.
class waiting_source {
 public:
  waiting_source(sd_event* native, const loop_remote& remote) : remote_(remote) {
    const auto on_call = [](sd_event_source*, void* data) {
      auto& self = *static_cast<waiting_source*>(data);
      self.seen_ = served(self.remote_);
      return 0;
    };
    sd_event_add_defer(native, &source_, on_call, this);
    sd_event_source_set_priority(source_, SD_EVENT_PRIORITY_IMPORTANT);
  }
  waiting_source(const waiting_source&) = delete;
  waiting_source& operator=(const waiting_source&) = delete;
  ~waiting_source() { sd_event_source_unref(source_); }

  /// The result of `served`; -1: it has not been called yet.
  [[nodiscard]] int seen() const { return seen_; }

 private:
  const loop_remote& remote_;
  int seen_ = -1;
  sd_event_source* source_ = nullptr;
};

TEST(sd_event_own_thread_test, the_thread_of_a_default_event_is_known_before_its_first_turn) {
  sd_event* native = nullptr;
  sd_event_default(&native);
  {
    interloop::sd_event_loop owner(native);
    const loop_remote remote = owner->remote();
    std::thread([&] { EXPECT_FALSE(owner->in_loop_thread()); }).join();
    const waiting_source handler(native, remote);
    sd_event_run(native, 0);
    EXPECT_EQ(handler.seen(), 0);

    // A thread of its pool may wait.
    std::thread other([&] {
      EXPECT_EQ(served(remote), 1);
      remote.post([native] { sd_event_exit(native, 0); });
    });
    ::sd_event_loop(native);
    other.join();
  }
  sd_event_unref(native);
}

TEST(sd_event_own_thread_test, another_event_s_thread_is_known_by_its_last_turn_and_by_run) {
  sd_event* native = nullptr;
  sd_event_new(&native);
  {
    interloop::sd_event_loop owner(native);
    const loop_remote remote = owner->remote();
    while (sd_event_run(native, 0) > 0) continue;
    const waiting_source handler(native, remote);
    sd_event_run(native, 0);
    EXPECT_EQ(handler.seen(), 0) << "the thread of the last turn";
  }
  {
    interloop::sd_event_loop owner(native);
    const loop_remote remote = owner->remote();
    const waiting_source handler(native, remote);
    owner->call_soon([&] { owner->stop(); });
    owner->run();
    EXPECT_EQ(handler.seen(), 0) << "run says where, before any turn";
    // run() is over: no thread runs the loop, and another thread may.
    std::thread other([native] { ::sd_event_loop(native); });
    EXPECT_EQ(served(remote), 1);
    remote.post([native] { sd_event_exit(native, 0); });
    other.join();
  }
  sd_event_unref(native);
}

TEST(sd_event_own_thread_test, an_event_that_is_handed_to_another_thread_is_known_there) {
  sd_event* native = nullptr;
  sd_event_new(&native);
  {
    interloop::sd_event_loop owner(native);
    const loop_remote remote = owner->remote();
    // In each thread a turn, and then a handler of the application that waits.
    const auto seen_by_a_handler = [&] {
      remote.post([] {});
      while (sd_event_run(native, 0) > 0) continue;
      const waiting_source handler(native, remote);
      sd_event_run(native, 0);
      return handler.seen();
    };
    EXPECT_EQ(seen_by_a_handler(), 0);
    for (int i = 0; i < 2; ++i)
      std::thread([&] { EXPECT_EQ(seen_by_a_handler(), 0) << "the second and third thread"; }).join();
    EXPECT_EQ(seen_by_a_handler(), 0) << "the first one again";
    // Another thread runs the loop now, so this one may wait.
    event turned;
    remote.post([&] { turned.set(); });
    std::thread other([native] { ::sd_event_loop(native); });
    turned.wait();
    EXPECT_EQ(served(remote), 1);
    remote.post([native] { sd_event_exit(native, 0); });
    other.join();
  }
  sd_event_unref(native);
}

}  // namespace
