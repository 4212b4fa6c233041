// SPDX-License-Identifier: MIT
// Behaviour that only libevent has.
#include "native_event.hpp"
#include "support/no_descriptors.hpp"
#include "support/owners.hpp"

#include <interloop/adapters/libevent.hpp>
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <interloop/testing/replace_loop.hpp>

#include <event2/event.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

extern "C" event_base* event_global_current_base_;  // what event_init() makes

namespace {

using namespace interloop;
using namespace std::chrono_literals;
using libevent_test::an_eventfd;
using libevent_test::make_base;
using libevent_test::native_event;

TEST(LibeventTest, DispatchEndsWhenInterloopIsIdle) {
  const auto base = make_base();
  const libevent_loop owner(base.get());
  EXPECT_EQ(event_base_dispatch(base.get()), 1) << "no events are left";
  bool ran = false;
  owner->post([&] { ran = true; });
  event_base_dispatch(base.get());
  EXPECT_TRUE(ran);
}

TEST(LibeventTest, ACancelledTimerDoesNotKeepDispatchRunning) {
  const auto base = make_base();
  const libevent_loop owner(base.get());
  timer far = owner->call_later(1h, [] {});
  owner->call_later(1ms, [&] { far.cancel(); });
  EXPECT_EQ(event_base_dispatch(base.get()), 1);
}

TEST(LibeventTest, PostsArriveWithoutAHoldWhileTheApplicationKeepsTheBaseRunning) {
  const auto base = make_base();
  const libevent_loop owner(base.get());
  std::thread poster;
  event_base_loop(base.get(), EVLOOP_ONCE);
  native_event begin(base, [&] {
    poster = std::thread([&, remote = owner->remote()] {
      std::this_thread::sleep_for(2ms);  // most likely it sleeps now
      remote.post([&] { event_base_loopbreak(base.get()); });
    });
  });
  native_event limit(base, [&] { event_base_loopbreak(base.get()); });
  begin.add(0us);
  limit.add(10s);
  event_base_dispatch(base.get());
  poster.join();
  EXPECT_TRUE(event_pending(limit.get(), EV_TIMEOUT, nullptr)) << "the post ended the run";
}

TEST(LibeventTest, EvloopOnceReturnsAfterACallableATimerAPostAndAWatch) {
  const auto base = make_base();
  const libevent_loop owner(base.get());
  const an_eventfd ready;
  event_base_loop(base.get(), EVLOOP_NONBLOCK);
  native_event limit(base, [&] { ADD_FAILURE() << "it went on"; });
  limit.add(5s);
  int ran = 0;
  const auto once = [&](const char* what) {
    const int before = ran;
    for (int i = 0; i < 3 && ran == before; ++i) event_base_loop(base.get(), EVLOOP_ONCE);
    EXPECT_EQ(ran, before + 1) << what;
  };
  owner->call_soon([&] { ++ran; });
  once("a callable");
  owner->call_later(1ms, [&] { ++ran; });
  once("a timer");
  std::thread([&, remote = owner->remote()] { remote.post([&] { ++ran; }); }).join();
  once("a post");
  fd_watch watching = owner->watch(ready.get(), interest::read, [&](interest) {
    ++ran;
    watching.stop();
  });
  once("a watch");
}

TEST(LibeventTest, AnUrgentEventThatStaysReadyDoesNotStarveInterloopNorDoesInterloopStarveALessUrgentOne) {
  const auto base = make_base();
  ASSERT_EQ(event_base_priority_init(base.get(), 3), 0);
  const libevent_loop owner(base.get());
  const an_eventfd ready;
  bool stop = false;
  const auto end = [&] {
    stop = true;
    event_base_loopbreak(base.get());
  };
  {
    native_event urgent(base, [] {}, ready.get(), EV_READ | EV_PERSIST);
    event_priority_set(urgent.get(), 0);
    urgent.add();
    int ran = 0;
    std::function<void()> seen = [&] {
      if (++ran == 3) end();
    };
    owner->call_soon(std::ref(seen));
    owner->call_later(1ms, std::ref(seen));
    std::thread([&, remote = owner->remote()] { remote.post(std::ref(seen)); }).join();
    event_base_dispatch(base.get());
    EXPECT_EQ(ran, 3);
  }
  stop = false;
  std::function<void()> again = [&] {
    if (!stop) owner->call_soon(std::ref(again));
  };
  again();
  native_event last(base, end);
  event_priority_set(last.get(), 2);
  last.add(1ms);
  event_base_dispatch(base.get());
  EXPECT_TRUE(stop);
  event_base_dispatch(base.get());
}

TEST(LibeventTest, PrioritiesMayBeMadeAfterTheLoopAndTakenAwayAgain) {
  const auto base = make_base();
  const libevent_loop owner(base.get());
  for (const int priorities : {5, 1, 2}) {
    EXPECT_EQ(event_base_priority_init(base.get(), priorities), 0);
    bool ran = false;
    owner->call_later(1us, [&] { ran = true; });
    event_base_dispatch(base.get());
    EXPECT_TRUE(ran);
  }
}

TEST(LibeventTest, AnAlarmThatIsSetAfterAStallIsNotEarly) {
  const auto base = make_base();
  const libevent_loop owner(base.get());
  const auto stall = [](duration time) {
    const auto until = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < until) continue;
  };
  for (int i = 0; i < 5; ++i) {
    std::uint64_t before = 0;
    std::uint64_t turns = 0;
    owner->call_soon([&] {
      stall(20ms);
      before = owner->turns();
      owner->call_later(10ms, [&] { turns = owner->turns() - before; });
    });
    event_base_dispatch(base.get());
    EXPECT_LE(turns, 1U) << "libevent's cached time is the one from before the stall";
  }
}

TEST(LibeventTest, TimersKeepTheirTimesBesideCommonTimeouts) {
  const auto base = make_base();
  const libevent_loop owner(base.get());
  const timeval span{0, 3000};
  const timeval* common = event_base_init_common_timeout(base.get(), &span);
  ASSERT_NE(common, nullptr);
  int native = 0;
  native_event one(base, [&] { ++native; });
  native_event two(base, [&] { ++native; });
  event_add(one.get(), common);
  event_add(two.get(), common);
  int ran = 0;
  for (int i = 0; i < 3; ++i) {
    const time_point when = owner->now() + 3ms;
    owner->call_at(when, [&, when] {
      EXPECT_GE(owner->now(), when);
      ++ran;
    });
  }
  event_base_dispatch(base.get());
  EXPECT_EQ(ran, 3);
  EXPECT_EQ(native, 2);
}

TEST(LibeventTest, RunInsideAHandlerOfTheApplicationIsRefused) {
  const auto base = make_base();
  const libevent_loop owner(base.get());
  bool refused = false;
  native_event handler(base, [&] {
    try {
      owner->run();
    } catch (const usage_error&) {
      refused = true;
    }
  });
  handler.add(0us);
  event_base_dispatch(base.get());
  EXPECT_TRUE(refused);
}

TEST(LibeventTest, TwoLoopsOnOneBaseDoNotDisturbEachOther) {
  const auto base = make_base();
  const libevent_loop one(base.get());
  const libevent_loop two(base.get());
  int ran = 0;
  one->call_later(1ms, [&] { two->call_soon([&] { ++ran; }); });
  two->call_later(1ms, [&] { one->post([&] { ++ran; }); });
  event_base_dispatch(base.get());
  EXPECT_EQ(ran, 2);
}

TEST(LibeventTest, DirectionsMayBeChangedManyTimesInsideTheirOwnEvent) {
  const auto base = make_base();
  const libevent_loop owner(base.get());
  const an_eventfd ready;
  interest seen = interest::none;
  fd_watch watching = owner->watch(ready.get(), interest::read, [&](interest directions) {
    seen = directions;
    if (has(directions, interest::write)) return watching.stop();
    watching.set_interest(interest::read_write);
    watching.set_interest(interest::write);  // both inside its own event
    watching.set_interest(interest::read_write);
  });
  event_base_dispatch(base.get());
  EXPECT_EQ(seen, interest::read_write) << "both directions in one report";
}

TEST(LibeventTest, AStopOutsideARunDoesNotEndTheApplicationsNextRun) {
  const auto base = make_base();
  const libevent_loop owner(base.get());
  owner->stop();
  owner->run();  // ends at once
  bool ran = false;
  native_event later(base, [&] { ran = true; });
  later.add(1ms);
  owner->stop();  // event_base_loopexit() would end the next run
  event_base_dispatch(base.get());
  EXPECT_TRUE(ran);
}

TEST(LibeventTest, AStopEndsTheRunAlthoughAnotherEventStaysReady) {
  const auto base = make_base();
  const libevent_loop owner(base.get());
  const an_eventfd ready;
  native_event busy(base, [] {}, ready.get(), EV_READ | EV_PERSIST);
  busy.add();
  owner->call_later(1ms, [&] { owner->stop(); });
  owner->run();
  EXPECT_TRUE(event_pending(busy.get(), EV_READ, nullptr));
}

TEST(LibeventTest, LibeventsDefaultBaseIsNotMade) {
  libevent_loop owner;
  owner->run();
  EXPECT_EQ(event_global_current_base_, nullptr);
}

TEST(LibeventTest, WithTooFewDescriptorsALoopIsRefused) {
  const auto base = make_base();
  libevent_loop{};  // see no_descriptors.hpp
  {
    const interloop::test::no_descriptors none;
    EXPECT_THROW(libevent_loop{base.get()}, usage_error);
  }
  for (const unsigned left : {0U, 1U, 3U, 5U}) {
    const interloop::test::no_descriptors but(left);
    EXPECT_THROW(libevent_loop{}, usage_error) << left;
  }
  bool worked = false;
  for (unsigned left = 6; !worked; ++left) {
    const interloop::test::no_descriptors but(left);
    try {
      const libevent_loop enough;  // libevent ends the process if it was not refused and they are too few
      enough->run();
      worked = true;
    } catch (const usage_error&) {
    }
  }
}

TEST(LibeventTest, NoLoopIsRefused) { EXPECT_THROW(libevent_loop{nullptr}, usage_error); }

TEST(LibeventTest, SelectingTwiceIsAllowedForTheSameLoopOnly) {
  const auto one = make_base();
  const auto two = make_base();
  loop& first = use_libevent(one.get());
  EXPECT_TRUE(using_libevent());
  EXPECT_EQ(&use_libevent(one.get()), &first);
  EXPECT_THROW(use_libevent(two.get()), usage_error);
  EXPECT_THROW(use_libevent(nullptr), usage_error);
  first.close();
  EXPECT_FALSE(using_libevent());
  loop& second = use_libevent(two.get());
  EXPECT_NE(config().loop, nullptr);
  second.close();
  config().loop = nullptr;
}

TEST(LibeventTest, SelectingItWhileAnotherLoopIsSelectedIsRefused) {
  const auto base = make_base();
  interloop::testing::manual_loop other;
  const auto selected = interloop::testing::replace_loop(*other);
  EXPECT_THROW(use_libevent(base.get()), usage_error);
  EXPECT_EQ(event_base_get_num_events(base.get(), EVENT_BASE_COUNT_ADDED), 0) << "nothing was begun on it";
}

TEST(LibeventTest, ACallbackMayDestroyTheOwnerOfTheNativeLoopThatRuns) {
  owners::a_callback_may_destroy_the_owner_of_the_native_loop_that_runs<libevent_loop>();
}

TEST(LibeventTest, AnOwnerMayBeAssignedAnother) { owners::an_owner_may_be_assigned_another<libevent_loop>(); }

TEST(LibeventTest, APostFromTheThreadThatMadeTheLoopWakesTheThreadThatRunsIt) {
  const auto base = make_base();
  const libevent_loop owner(base.get());
  std::atomic<bool> begun = false;
  native_event begin(base, [&] { begun = true; });
  begin.add(0us);
  bool late = false;
  native_event limit(base, [&] {
    late = true;
    event_base_loopbreak(base.get());
  });
  limit.add(10s);
  std::thread runner([&] { event_base_dispatch(base.get()); });
  while (!begun) std::this_thread::yield();
  std::this_thread::sleep_for(5ms);  // most likely it sleeps now
  owner->post([&] { event_base_loopbreak(base.get()); });
  runner.join();
  EXPECT_FALSE(late) << "libevent slept until another event woke it";
}

}  // namespace
