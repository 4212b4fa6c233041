// SPDX-License-Identifier: MIT
// Behaviour that only GLib has.
#include "support/no_descriptors.hpp"
#include "support/owners.hpp"

#include <interloop/adapters/glib.hpp>
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <interloop/testing/replace_loop.hpp>

#include <glib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <thread>

namespace {

using namespace interloop;
using namespace std::chrono_literals;

class GlibTest : public ::testing::Test {
 protected:
  ~GlibTest() override { g_main_context_unref(native_); }
  void iterate_until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!done() && std::chrono::steady_clock::now() < end) g_main_context_iteration(native_, FALSE);
    EXPECT_TRUE(done());
  }
  GMainContext* native_ = g_main_context_new();
};

TEST_F(GlibTest, AMainLoopOfTheUserRunsIt) {
  glib_loop owner(native_);
  GMainLoop* running = g_main_loop_new(native_, FALSE);
  int ran = 0;
  owner->call_later(1ms, [&] {
    ++ran;
    owner->call_soon([&] { g_main_loop_quit(running); });
  });
  g_main_loop_run(running);
  g_main_loop_unref(running);
  EXPECT_EQ(ran, 1);
}

TEST_F(GlibTest, ANestedMainLoopServesTimersThatWereSetBeforeIt) {
  glib_loop owner(native_);
  bool returned = false;
  owner->call_later(1ms, [&] {
    GMainLoop* dialog = g_main_loop_new(native_, FALSE);
    owner->call_later(1ms, [&] { g_main_loop_quit(dialog); });
    g_main_loop_run(dialog);
    g_main_loop_unref(dialog);
    returned = true;
  });
  iterate_until([&] { return returned; });
}

TEST_F(GlibTest, AnIdleSourceOfTheUserRunsBesideAQuietLoop) {
  glib_loop owner(native_);
  int idle_ran = 0;
  GSource* idle = g_idle_source_new();
  g_source_set_callback(
      idle, [](gpointer count) -> gboolean { return ++*static_cast<int*>(count) < 10; }, &idle_ran, nullptr);
  g_source_attach(idle, native_);
  g_source_unref(idle);
  bool rang = false;
  owner->call_later(3ms, [&] { rang = true; });
  iterate_until([&] { return idle_ran == 10 && rang; });
}

TEST_F(GlibTest, APausedWatchOfAClosedPeerDoesNotKeepTheProcessorBusy) {
  glib_loop owner(native_);
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  fd_watch watching = owner->watch(fds[0], interest::none, [](interest) { FAIL() << "it is paused"; });
  ::close(fds[1]);
  iterate_until([&] { return !g_main_context_pending(native_); });
  EXPECT_FALSE(g_main_context_iteration(native_, FALSE)) << "GLib reports hang-ups unasked";
  watching.stop();
  ::close(fds[0]);
}

TEST_F(GlibTest, AContextOutlivesItsUsersWhileTheLoopNeedsIt) {
  GMainContext* short_lived = g_main_context_new();
  glib_loop owner(short_lived);
  g_main_context_unref(short_lived);
  bool rang = false;
  owner->call_later(1ms, [&] {
    rang = true;
    owner->stop();
  });
  owner->run();
  EXPECT_TRUE(rang);
}

TEST_F(GlibTest, ALoopMayBeRunByAnotherThreadThanItsMaker) {
  glib_loop owner(native_);
  bool ran = false;
  std::thread runner([&, native = native_] {
    g_main_context_push_thread_default(native);
    GMainLoop* running = g_main_loop_new(native, FALSE);
    owner->post([&] {
      ran = true;
      owner->call_soon([&] { g_main_loop_quit(running); });
    });
    g_main_loop_run(running);
    g_main_loop_unref(running);
    g_main_context_pop_thread_default(native);
  });
  runner.join();
  EXPECT_TRUE(ran);
}

TEST_F(GlibTest, SelectingTwiceIsAllowedForTheSameContextOnly) {
  loop& first = use_glib(nullptr);
  EXPECT_TRUE(using_glib());
  EXPECT_EQ(&use_glib(g_main_context_default()), &first);
  EXPECT_THROW(use_glib(native_), usage_error);
  first.close();
  EXPECT_FALSE(using_glib());
  use_glib(native_).close();
  config().loop = nullptr;
}

TEST(Glib, SelectingItWhileAnotherLoopIsSelectedIsRefused) {
  interloop::testing::manual_loop other;
  const auto selected = interloop::testing::replace_loop(*other);
  EXPECT_THROW(use_glib(nullptr), usage_error);
}

TEST(Glib, WithTooFewDescriptorsALoopThatOwnsItsNativeLoopIsRefused) {
  for (const unsigned left : {0U, 1U}) {
    const interloop::test::no_descriptors but(left);
    EXPECT_THROW(glib_loop{}, usage_error) << left;
  }
  EXPECT_NO_THROW(glib_loop{});
}

TEST(Glib, ACallbackMayDestroyTheOwnerOfTheNativeLoopThatRuns) {
  owners::a_callback_may_destroy_the_owner_of_the_native_loop_that_runs<glib_loop>();
}

TEST(Glib, AnOwnerMayBeAssignedAnother) { owners::an_owner_may_be_assigned_another<glib_loop>(); }

}  // namespace
