// SPDX-License-Identifier: MIT
// Behaviour that only libevent has.
#include "support/no_descriptors.hpp"
#include "support/owners.hpp"

#include <interloop/adapters/libevent.hpp>
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <interloop/testing/replace_loop.hpp>

#include <event2/event.h>
#include <event2/thread.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

namespace {

using namespace interloop;
using namespace std::chrono_literals;

using base_ptr = std::unique_ptr<event_base, void (*)(event_base*)>;
base_ptr make_base() { return {event_base_new(), &event_base_free}; }

/// An event of the application's.
class native_event {
 public:
  native_event(const base_ptr& base, std::function<void()> fn, int fd = -1, short what = 0)
      : fn_(std::move(fn)),
        event_(event_new(
            base.get(), fd, what, [](int, short, void* self) { static_cast<native_event*>(self)->fn_(); }, this)) {}
  native_event(const native_event&) = delete;
  native_event& operator=(const native_event&) = delete;
  ~native_event() { event_free(event_); }

  void add() { event_add(event_, nullptr); }
  void add(std::chrono::microseconds delay) {
    const timeval after{delay.count() / 1'000'000, static_cast<suseconds_t>(delay.count() % 1'000'000)};
    event_add(event_, &after);
  }
  event* get() const { return event_; }

 private:
  std::function<void()> fn_;
  event* event_;
};

class an_eventfd {
 public:
  an_eventfd() = default;
  an_eventfd(const an_eventfd&) = delete;
  an_eventfd& operator=(const an_eventfd&) = delete;
  ~an_eventfd() { close(); }
  void close() { ::close(std::exchange(fd_, -1)); }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_ = ::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);  // it stays readable
};

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

TEST(LibeventTest, TheBaseIsStillNotifiedByOtherThreadsAfterADescriptorWasLost) {
  evthread_use_pthreads();
  const auto base = make_base();
  an_eventfd closed_by_the_application;
  native_event neglected(base, [] {}, closed_by_the_application.get(), EV_READ | EV_PERSIST);
  neglected.add();
  closed_by_the_application.close();
  const libevent_loop owner(base.get());
  owner->set_exception_handler([](std::string_view, const failure&) {});
  const int fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  fd_watch watching = owner->watch(fd, interest::read, [](interest) {});
  ::close(fd);
  watching.stop();

  native_event told(base, [&] { event_base_loopbreak(base.get()); });
  native_event limit(base, [&] {
    ADD_FAILURE() << "event_active() did not wake the base";
    event_base_loopbreak(base.get());
  });
  limit.add(5s);
  std::thread other;
  native_event begin(base, [&] {
    other = std::thread([&] {
      std::this_thread::sleep_for(2ms);  // most likely it sleeps now
      event_active(told.get(), EV_TIMEOUT, 0);
    });
  });
  begin.add(0us);
  event_base_dispatch(base.get());
  other.join();
}

TEST(LibeventTest, WithTooFewDescriptorsALoopIsRefused) {
  const auto base = make_base();
  {
    const interloop::test::no_descriptors none;
    EXPECT_THROW(libevent_loop{base.get()}, usage_error);
  }
  for (const unsigned left : {0U, 1U, 3U, 5U}) {
    const interloop::test::no_descriptors but(left);
    EXPECT_THROW(libevent_loop{}, usage_error) << left;
  }
  const interloop::test::no_descriptors but(6);
  const libevent_loop enough;
  enough->run();
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
