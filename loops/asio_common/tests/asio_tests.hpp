// SPDX-License-Identifier: MIT
// For each flavour of Asio: its tests/ define `net`, `net_loop` and so on, and include this.
// Behaviour that only Asio has.
#pragma once

#include "support/no_descriptors.hpp"
#include "support/owners.hpp"
#include "support/sanitizers.hpp"

#include <interloop/interloop.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace interloop;
using namespace std::chrono_literals;

// Everything that a loop can have pending, and counts of the calls.
struct pending_things {
  int fds[2];
  int ran = 0;
  fd_watch watching;
  timer timing;
  loop_hold held;
  future<int> comes;

  explicit pending_things(loop& core) {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    EXPECT_EQ(::write(fds[1], "x", 1), 1);
    watching = core.watch(fds[0], interest::read_write, [this](interest) { ++ran; });
    timing = core.call_later(0ms, [this] { ++ran; });
    held = core.hold();
    comes = with_config(core).create_future<int>();
    add_callbacks(comes, [this](int) { ++ran; });
    core.call_soon([this] { ++ran; });
    core.remote().post([this] { ++ran; });
  }
  ~pending_things() {
    for (const int fd : fds) ::close(fd);
  }
};

TEST(AsioTest, AContextThatIsDestroyedFirstClosesItsLoops) {
  auto native = std::make_unique<net::io_context>();
  net_loop one(*native);
  net_loop two(*native, one_thread);
  pending_things first(*one);
  pending_things second(*two);
  native->poll_one();
  first.ran = second.ran = 0;
  native.reset();
  for (net_loop* each : {&one, &two}) {
    EXPECT_TRUE((*each)->closed());
    EXPECT_THROW((*each)->call_soon([] {}), loop_closed);
    EXPECT_THROW((*each)->post([] {}), loop_closed);
  }
  EXPECT_EQ(first.ran + second.ran, 0);
  EXPECT_TRUE(first.comes.get_failure()->is<loop_closed>());
  EXPECT_FALSE(second.watching.active() || second.timing.active());
}

TEST(AsioTest, ALoopThatIsDestroyedFirstLeavesTheContextToTheUser) {
  net::io_context native;
  int handled = 0;
  net::steady_timer timer(native, 2ms);
  timer.async_wait([&](const net_error_code& code) {
    if (!code) ++handled;
  });
  std::optional<net_loop> owner(std::in_place, native);
  pending_things things(**owner);
  net::post(native, [&] { owner.reset(); });
  native.run();
  EXPECT_EQ(handled, 1);
  EXPECT_FALSE(things.watching.active());
}

TEST(AsioTest, RunOfTheUserEndsWhenInterloopIsIdle) {
  net::io_context native;
  net_loop owner(native);
  EXPECT_EQ(native.run(), 0U);
  native.restart();
  int ran = 0;
  owner->call_later(1ms, [&] { owner->call_soon([&] { ++ran; }); });
  native.run();
  EXPECT_EQ(ran, 1);
}

TEST(AsioTest, CallbacksOfSeveralThreadsNeverOverlap) {
  net::io_context native;
  net_loop owner(native);
  std::atomic<int> inside = 0;
  std::atomic<int> overlaps = 0;
  int ran = 0;  // not atomic: the strand orders it
  const auto callback = [&] {
    if (inside.fetch_add(1) != 0) ++overlaps;
    ++ran;
    std::this_thread::yield();
    inside.fetch_sub(1);
  };
  std::vector<std::thread> posters;
  auto work = net::make_work_guard(native);
  for (int i = 0; i < 3; ++i)
    posters.emplace_back([&, remote = owner->remote()] {
      for (int each = 0; each < 500; ++each) remote.post(callback);
    });
  for (int i = 0; i < 50; ++i) owner->call_later(i % 5 * 1ms, callback);
  std::vector<std::thread> runners;
  for (int i = 0; i < 3; ++i) runners.emplace_back([&] { native.run(); });
  for (std::thread& each : posters) each.join();
  work.reset();
  for (std::thread& each : runners) each.join();
  native.restart();
  native.run();  // runs what was posted after the last thread ran out of work
  EXPECT_EQ(overlaps, 0);
  EXPECT_EQ(ran, 1550);
}

TEST(AsioTest, ADescriptorThatAnotherObjectOfTheContextUsesIsRefused) {
  net::io_context native;
  net_loop one(native);
  net_loop two(native);
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  {
    const fd_watch watching = one->watch(fds[0], interest::read, [](interest) {});
    EXPECT_THROW(static_cast<void>(two->watch(fds[0], interest::read, [](interest) {})), usage_error);
    EXPECT_TRUE(watching.active());
  }
  EXPECT_NO_THROW(static_cast<void>(two->watch(fds[0], interest::read, [](interest) {})));
  for (const int fd : fds) ::close(fd);
}

TEST(AsioTest, PollInsideACallbackServesALoopOfOneThread) {
  net::io_context native;
  net_loop owner(native, one_thread);
  std::vector<int> order;
  owner->call_soon([&] {
    order.push_back(0);
    owner->call_soon([&] { order.push_back(2); });
    while (order.size() < 3) native.poll();
    order.push_back(3);
  });
  owner->call_soon([&] { order.push_back(1); });
  native.run();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
}

TEST(AsioTest, AThreadPoolMayRunTheContext) {
  net::thread_pool native(2);
  net_loop owner(native.get_executor());
  std::atomic<int> ran = 0;
  const loop_remote remote = owner->remote();
  for (int i = 0; i < 100; ++i) remote.post([&] { ++ran; });
  remote.post([&] { owner->close(); });  // the owner is destroyed when no thread is inside it any more
  native.join();
  EXPECT_EQ(ran, 100);
}

TEST(AsioTest, AnAnyExecutorWithAStrandWorks) {
  net::io_context native;
  net_loop owner(net::any_io_executor(net::make_strand(native)));
  int ran = 0;
  owner->call_later(1ms, [&] { ++ran; });
  native.run();
  EXPECT_EQ(ran, 1);
  EXPECT_THROW(owner->run(), usage_error) << "what is inside of an any_io_executor is not known to be an io_context";
}

TEST(AsioTest, AHandlerOfTheGivenStrandMayTouchTheLoop) {
  net::io_context native;
  const auto given = net::make_strand(native);
  net_loop owner(given);
  std::atomic<int> ran = 0;
  for (int i = 0; i < 20; ++i)
    net::post(given, [&] {
      EXPECT_TRUE(owner->in_loop_thread());
      owner->call_soon([&] { ++ran; });
    });
  std::vector<std::thread> runners;
  for (int i = 0; i < 3; ++i) runners.emplace_back([&] { native.run(); });
  for (std::thread& each : runners) each.join();
  EXPECT_EQ(ran, 20);
}

TEST(AsioTest, SelectingTwiceIsAllowedForTheSameContextOnly) {
  net::io_context one;
  net::io_context two;
  loop& first = use_net(one);
  EXPECT_TRUE(using_net());
  EXPECT_EQ(&use_net(one), &first);
  EXPECT_EQ(&use_net(one.get_executor()), &first);
  EXPECT_THROW(use_net(two), usage_error);
  first.close();
  EXPECT_FALSE(using_net());
  use_net(two, one_thread).close();
  config().loop = nullptr;
}

TEST(AsioTest, TimersFireEvenIfNoDescriptorIsLeftForThemAndOneReportSaysSo) {
  if (test::with_asan) GTEST_SKIP() << "UBSan opens a pipe for each type that it sees for the first time";
  net_loop owner;
  std::vector<std::string> reports;
  owner->set_exception_handler([&](std::string_view context, const failure&) { reports.emplace_back(context); });
  int fired = 0;
  {
    const test::no_descriptors scope;
    for (int i = 1; i <= 3; ++i) owner->call_later(i * 1ms, [&] { ++fired; });
    owner->run();
  }
  EXPECT_EQ(fired, 3);
  EXPECT_EQ(reports, std::vector<std::string>{"the native loop's timer could not be set; retrying every 10 ms"});
  owner->call_later(1ms, [&] { ++fired; });
  owner->run();
  EXPECT_EQ(fired, 4) << "with descriptors";
  EXPECT_EQ(reports.size(), 1U);
}

TEST(AsioTest, ACallbackMayDestroyTheOwnerOfTheNativeLoopThatRuns) {
  owners::a_callback_may_destroy_the_owner_of_the_native_loop_that_runs<net_loop>();
}

TEST(AsioTest, AnOwnerMayBeAssignedAnother) { owners::an_owner_may_be_assigned_another<net_loop>(); }

}  // namespace
