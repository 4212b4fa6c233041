// SPDX-License-Identifier: MIT
// Behaviour that only libuv has.
#include "support/no_descriptors.hpp"
#include "support/owners.hpp"

#include <interloop/adapters/libuv.hpp>
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <interloop/testing/replace_loop.hpp>

#include <uv.h>

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <thread>

namespace {

using namespace interloop;
using namespace std::chrono_literals;

TEST(LibuvTest, TheLoopCanBeClosedAfterOneMoreRun) {
  uv_loop_t native;
  uv_loop_init(&native);
  int fds[2];
  ASSERT_EQ(uv_socketpair(SOCK_STREAM, 0, fds, 0, 0), 0);
  int released = 0;
  {
    libuv_loop owner(&native);
    const fd_watch watching = owner->watch(fds[0], interest::read, [](interest) {});
    owner->call_later(1h, [] {});
    owner->call_soon([] {});
    EXPECT_EQ(uv_run(&native, UV_RUN_NOWAIT), 1);
    EXPECT_EQ(uv_loop_close(&native), UV_EBUSY);
    owner->close([&] { ++released; });
    EXPECT_EQ(released, 0) << "libuv closes handles in a later iteration";
  }
  EXPECT_EQ(uv_run(&native, UV_RUN_DEFAULT), 0);
  EXPECT_EQ(released, 1);
  EXPECT_EQ(uv_loop_close(&native), 0);
  close(fds[0]);
  close(fds[1]);
}

TEST(LibuvTest, AHandleOfTheUserKeepsWorkingBesideInterloop) {
  uv_loop_t native;
  uv_loop_init(&native);
  struct seen {
    int native = 0;
    int ours = 0;
  } count;
  uv_timer_t timer;
  uv_timer_init(&native, &timer);
  timer.data = &count;
  const auto on_timer = [](uv_timer_t* self) {
    if (++static_cast<seen*>(self->data)->native == 5) uv_close(reinterpret_cast<uv_handle_t*>(self), nullptr);
  };
  uv_timer_start(&timer, on_timer, 1, 1);
  {
    libuv_loop owner(&native);
    std::function<void()> again = [&] {
      if (++count.ours < 5) owner->call_later(1ms, std::ref(again));
    };
    again();
    EXPECT_EQ(uv_run(&native, UV_RUN_DEFAULT), 0) << "it ends when both are through";
    EXPECT_EQ(count.native, 5);
    EXPECT_EQ(count.ours, 5);
  }
  uv_run(&native, UV_RUN_DEFAULT);
  EXPECT_EQ(uv_loop_close(&native), 0);
}

TEST(LibuvTest, UvRunOfTheUserEndsWhenInterloopIsIdle) {
  uv_loop_t native;
  uv_loop_init(&native);
  {
    libuv_loop owner(&native);
    EXPECT_EQ(uv_run(&native, UV_RUN_DEFAULT), 0);
    bool ran = false;
    owner->post([&] { ran = true; });
    EXPECT_EQ(uv_run(&native, UV_RUN_DEFAULT), 0);
    EXPECT_TRUE(ran);
  }
  uv_run(&native, UV_RUN_DEFAULT);
  EXPECT_EQ(uv_loop_close(&native), 0);
}

TEST(LibuvTest, TwoLoopsOnOneNativeLoopDoNotDisturbEachOther) {
  uv_loop_t native;
  uv_loop_init(&native);
  {
    libuv_loop one(&native);
    libuv_loop two(&native);
    int ran = 0;
    one->call_later(1ms, [&] { two->call_soon([&] { ++ran; }); });
    two->call_later(1ms, [&] { one->post([&] { ++ran; }); });
    EXPECT_EQ(uv_run(&native, UV_RUN_DEFAULT), 0);
    EXPECT_EQ(ran, 2);
  }
  uv_run(&native, UV_RUN_DEFAULT);
  EXPECT_EQ(uv_loop_close(&native), 0);
}

TEST(LibuvTest, ADescriptorThatTheUserPollsIsRefused) {
  uv_loop_t native;
  uv_loop_init(&native);
  int fds[2];
  ASSERT_EQ(uv_socketpair(SOCK_STREAM, 0, fds, 0, 0), 0);
  uv_poll_t poll;
  uv_poll_init(&native, &poll, fds[0]);
  uv_poll_start(&poll, UV_READABLE, [](uv_poll_t*, int, int) {});
  uv_run(&native, UV_RUN_NOWAIT);
  {
    libuv_loop owner(&native);
    EXPECT_THROW(static_cast<void>(owner->watch(fds[0], interest::read, [](interest) {})), usage_error);
  }
  uv_close(reinterpret_cast<uv_handle_t*>(&poll), nullptr);
  uv_run(&native, UV_RUN_DEFAULT);
  EXPECT_EQ(uv_loop_close(&native), 0);
  close(fds[0]);
  close(fds[1]);
}

TEST(LibuvTest, WithTooFewDescriptorsALoopIsRefused) {
  for (const unsigned left : {0U, 1U, 4U, 7U}) {
    const interloop::test::no_descriptors but(left);
    EXPECT_THROW(libuv_loop{}, usage_error) << left;
  }
  libuv_loop enough;
  enough->run();
}

TEST(LibuvTest, NoLoopIsRefused) { EXPECT_THROW(libuv_loop{nullptr}, usage_error); }

TEST(LibuvTest, SelectingTwiceIsAllowedForTheSameLoopOnly) {
  uv_loop_t one;
  uv_loop_t two;
  uv_loop_init(&one);
  uv_loop_init(&two);
  loop& first = use_libuv(&one);
  EXPECT_TRUE(using_libuv());
  EXPECT_EQ(&use_libuv(&one), &first);
  EXPECT_THROW(use_libuv(&two), usage_error);
  EXPECT_THROW(use_libuv(nullptr), usage_error);
  first.close();
  EXPECT_FALSE(using_libuv());
  loop& second = use_libuv(&two);
  EXPECT_NE(config().loop, nullptr);
  second.close();
  config().loop = nullptr;
  for (uv_loop_t* each : {&one, &two}) {
    uv_run(each, UV_RUN_DEFAULT);
    EXPECT_EQ(uv_loop_close(each), 0);
  }
}

TEST(LibuvTest, SelectingItWhileAnotherLoopIsSelectedIsRefused) {
  uv_loop_t native;
  uv_loop_init(&native);
  interloop::testing::manual_loop other;
  const auto selected = interloop::testing::replace_loop(*other);
  EXPECT_THROW(use_libuv(&native), usage_error);
  EXPECT_EQ(uv_loop_close(&native), 0) << "nothing was begun on it";
}

TEST(LibuvTest, ACallbackMayDestroyTheOwnerOfTheNativeLoopThatRuns) {
  owners::a_callback_may_destroy_the_owner_of_the_native_loop_that_runs<libuv_loop>();
}

TEST(LibuvTest, AnOwnerMayBeAssignedAnother) { owners::an_owner_may_be_assigned_another<libuv_loop>(); }

TEST(LibuvTest, APostFromTheThreadThatMadeTheLoopWakesTheThreadThatRunsIt) {
  uv_loop_t native;
  uv_loop_init(&native);
  auto owner = std::make_unique<libuv_loop>(&native);
  std::atomic<bool> prepared = false;
  uv_prepare_t prepare;  // its callback is the last one before libuv sleeps
  uv_prepare_init(&native, &prepare);
  prepare.data = &prepared;
  uv_prepare_start(&prepare, [](uv_prepare_t* handle) { static_cast<std::atomic<bool>*>(handle->data)->store(true); });
  uv_timer_t limit;
  uv_timer_init(&native, &limit);
  uv_timer_start(&limit, [](uv_timer_t* handle) { uv_stop(handle->loop); }, 10'000, 0);

  bool ran = false;
  std::thread runner([&] { uv_run(&native, UV_RUN_DEFAULT); });
  while (!prepared) std::this_thread::yield();
  std::this_thread::sleep_for(5ms);  // most likely it sleeps now
  (*owner)->post([&] {
    ran = true;
    uv_stop(&native);
  });
  runner.join();
  EXPECT_TRUE(ran) << "libuv slept until another handle woke it";
  owner.reset();
  uv_close(reinterpret_cast<uv_handle_t*>(&prepare), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&limit), nullptr);
  uv_run(&native, UV_RUN_DEFAULT);
  EXPECT_EQ(uv_loop_close(&native), 0);
}

}  // namespace
