// SPDX-License-Identifier: MIT
// Behaviour that only Qt has.
#include "../fixture.hpp"
#include "support/no_descriptors.hpp"
#include "support/owners.hpp"

#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <interloop/testing/replace_loop.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace interloop;
using namespace std::chrono_literals;

TEST(Qt, WithoutAnApplicationALoopIsRefused) {
  if (!QCoreApplication::startingUp()) GTEST_SKIP() << "an earlier test has made one";
  EXPECT_THROW(qt_loop{}, usage_error);
  EXPECT_THROW(use_qt(), usage_error);
}

class QtTest : public ::testing::Test {
 protected:
  QtTest() { interloop::test::need_application(); }
};

TEST_F(QtTest, AnApplicationRunsIt) {
  qt_loop owner;
  int ran = 0;
  owner->call_later(1ms, [&] {
    ++ran;
    owner->call_soon([] { QCoreApplication::quit(); });
  });
  QCoreApplication::exec();
  EXPECT_EQ(ran, 1);
}

TEST_F(QtTest, AnApplicationThatExitsEndsTheRunAndLaterOnesUntilItsNextExec) {
  qt_loop owner;
  owner->call_later(1ms, [] { QCoreApplication::exit(); });
  owner->run();
  bool ran = false;
  owner->call_later(1ms, [&] {
    ran = true;
    owner->stop();
  });
  owner->run();
  EXPECT_FALSE(ran) << "Qt remembers it";
  const timer end = owner->call_later(0ms, [] { QCoreApplication::quit(); });
  QCoreApplication::exec();
  owner->run();
  EXPECT_TRUE(ran);
}

TEST_F(QtTest, ADialogServesWhatWasQueuedAndTimersThatWereSetBeforeIt) {
  qt_loop owner;
  std::vector<int> order;
  owner->call_soon([&] {
    QEventLoop dialog;
    owner->call_later(1ms, [&] { dialog.quit(); });
    dialog.exec();
    order.push_back(2);
    owner->stop();
  });
  owner->call_soon([&] { order.push_back(1); });
  owner->run();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST_F(QtTest, ADialogInAWatchsCallbackSleepsAlthoughTheDescriptorIsReady) {
  qt_loop owner;
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  ASSERT_EQ(::write(fds[1], "x", 1), 1);
  int reported = 0;
  fd_watch watching = owner->watch(fds[0], interest::read, [&](interest) {
    if (++reported == 2) return owner->stop();
    QTimer tick;
    tick.start(2);
    const auto before = std::chrono::steady_clock::now();
    for (int i = 0; i < 20; ++i) QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
    EXPECT_GE(std::chrono::steady_clock::now() - before, 10ms) << "a descriptor that nobody reads keeps it awake";
    EXPECT_EQ(reported, 1);
  });
  owner->run();
  EXPECT_EQ(reported, 2) << "it is reported again afterwards";
  watching.stop();
  ::close(fds[0]);
  ::close(fds[1]);
}

TEST_F(QtTest, ADescriptorThatIsClosedDuringADialogInItsOwnCallbackEndsTheWatch) {
  qt_loop owner;
  std::string told;
  owner->set_exception_handler([&](std::string_view, const failure& why) {
    told = why.message();
    owner->stop();
  });
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  ASSERT_EQ(::write(fds[1], "x", 1), 1);
  const fd_watch watching = owner->watch(fds[0], interest::read, [&](interest) {
    QEventLoop dialog;
    owner->call_later(1ms, [&] { dialog.quit(); });
    dialog.exec();
    ::close(fds[0]);
  });
  owner->run();
  EXPECT_FALSE(watching.active());
  EXPECT_NE(told.find("was closed while it was watched"), std::string::npos) << told;
  ::close(fds[1]);
}

TEST_F(QtTest, AThreadOfQtsRunsIt) {
  class thread : public QThread {
   public:
    bool ran = false;

   protected:
    void run() override {
      qt_loop owner;
      owner->call_later(1ms, [&] {
        ran = true;
        quit();
      });
      exec();
    }
  } other;
  other.start();
  other.wait();
  EXPECT_TRUE(other.ran);
}

TEST_F(QtTest, AThreadThatQtHasNotStartedRunsItToo) {
  bool ran = false;
  std::thread([&] {
    qt_loop owner;
    owner->call_later(1ms, [&] {
      ran = true;
      owner->stop();
    });
    owner->run();
  }).join();
  EXPECT_TRUE(ran);
}

TEST_F(QtTest, ALoopClosesAtTheEndOfItsThread) {
  std::optional<qt_loop> owner;
  bool is_closed = true;
  std::thread([&] {
    owner.emplace();
    is_closed = (*owner)->closed();
  }).join();
  EXPECT_FALSE(is_closed);
  EXPECT_TRUE((*owner)->closed());
}

TEST_F(QtTest, ALoopClosesWithTheApplication) {
  qt_loop owner;
  const timer pending = owner->call_later(1h, [] {});
  interloop::test::destroy_application();
  EXPECT_TRUE(owner->closed());
  EXPECT_FALSE(pending.active());
}

TEST_F(QtTest, RunningItInAnotherThreadIsRefused) {
  qt_loop owner;
  std::thread([&] { EXPECT_THROW(owner->run(), error) << "wrong_thread in a checked build"; }).join();
}

TEST_F(QtTest, SelectingTwiceIsAllowedInTheSameThreadOnly) {
  loop& first = use_qt();
  EXPECT_TRUE(using_qt());
  EXPECT_EQ(&use_qt(), &first);
  std::thread([] { EXPECT_THROW(use_qt(), usage_error); }).join();
  first.close();
  EXPECT_FALSE(using_qt());
  use_qt().close();
  config().loop = nullptr;
}

TEST_F(QtTest, SelectingItWhileAnotherLoopIsSelectedIsRefused) {
  interloop::testing::manual_loop other;
  const auto selected = interloop::testing::replace_loop(*other);
  EXPECT_THROW(use_qt(), usage_error);
}

TEST_F(QtTest, WithTooFewDescriptorsALoopIsRefused) {
  for (const unsigned left : {0U, 1U, 2U}) {
    const interloop::test::no_descriptors but(left);
    EXPECT_THROW(qt_loop{}, usage_error) << left;
    std::thread([&] { EXPECT_THROW(qt_loop{}, usage_error) << left << ", in a thread without a dispatcher"; }).join();
  }
  EXPECT_NO_THROW(qt_loop{});
}

TEST_F(QtTest, ACallbackMayDestroyTheOwnerOfTheNativeLoopThatRuns) {
  owners::a_callback_may_destroy_the_owner_of_the_native_loop_that_runs<qt_loop>();
}

TEST_F(QtTest, AnOwnerMayBeAssignedAnother) { owners::an_owner_may_be_assigned_another<qt_loop>(); }

}  // namespace
