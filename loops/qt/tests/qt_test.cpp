// SPDX-License-Identifier: MIT
// Behaviour that only Qt has.
#include "../fixture.hpp"
#include "support/blocking.hpp"
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

TEST(qt, without_an_application_a_loop_is_refused) {
  if (!QCoreApplication::startingUp()) GTEST_SKIP() << "an earlier test has made one";
  EXPECT_THROW(qt_loop{}, usage_error);
  EXPECT_THROW(use_qt(), usage_error);
  EXPECT_THROW(setup<qt_loop>(), usage_error) << "the error of the thread that setup has started";
}

// On either dispatcher.
class qt_test : public ::testing::TestWithParam<const char*> {
 protected:
  qt_test() {
    qputenv("QT_NO_GLIB", GetParam() == std::string("plain") ? "1" : "");
    interloop::test::need_application();
  }
};

TEST_P(qt_test, an_application_runs_it) {
  qt_loop owner;
  int ran = 0;
  owner->call_later(1ms, [&] {
    ++ran;
    owner->call_soon([] { QCoreApplication::quit(); });
  });
  QCoreApplication::exec();
  EXPECT_EQ(ran, 1);
}

TEST_P(qt_test, an_application_that_exits_ends_the_run_and_later_ones_until_its_next_exec) {
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

TEST_P(qt_test, a_dialog_serves_what_was_queued_and_timers_that_were_set_before_it) {
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

TEST_P(qt_test, a_dialog_in_a_watchs_callback_sleeps_although_the_descriptor_is_ready) {
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

TEST_P(qt_test, a_descriptor_that_is_closed_during_a_dialog_in_its_own_callback_ends_the_watch) {
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

TEST_P(qt_test, a_thread_of_qts_runs_it) {
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

TEST_P(qt_test, a_thread_that_qt_has_not_started_runs_it_too) {
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

TEST_P(qt_test, a_loop_closes_at_the_end_of_its_thread) {
  std::optional<qt_loop> owner;
  bool is_closed = true;
  std::thread([&] {
    owner.emplace();
    is_closed = (*owner)->closed();
  }).join();
  EXPECT_FALSE(is_closed);
  EXPECT_TRUE((*owner)->closed());
}

TEST_P(qt_test, a_loop_closes_with_the_application) {
  qt_loop owner;
  const timer pending = owner->call_later(1h, [] {});
  interloop::test::destroy_application();
  EXPECT_TRUE(owner->closed());
  EXPECT_FALSE(pending.active());
}

TEST_P(qt_test, the_end_of_the_application_ends_a_run_in_another_thread_and_closes_its_loop) {
  std::optional<loop_thread> other(std::in_place, [] { return qt_loop(); });
  const loop_remote remote = other->remote();
  EXPECT_EQ(blocking_test::served(remote), 1);
  interloop::test::destroy_application();
  other.reset();  // waits for the thread
  EXPECT_THROW(remote.post([] {}), loop_closed);
}

TEST_P(qt_test, a_loop_that_is_closed_in_its_own_turn_may_be_followed_by_another) {
  for (int i = 0; i < 3; ++i) {
    std::optional<qt_loop> owner(std::in_place);
    (*owner)->call_soon([&] { owner.reset(); });
    while (owner) QCoreApplication::processEvents();
  }
  QCoreApplication::processEvents();
  EXPECT_TRUE(QAbstractEventDispatcher::instance()->findChildren<QSocketNotifier*>().empty());
}

TEST_P(qt_test, a_notifier_of_the_application_works_beside_a_watch_of_the_same_descriptor_and_kind) {
  qt_loop owner;
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  int theirs = 0;
  int ours = 0;
  class counting final : public QSocketNotifier {
   public:
    counting(int fd, int& count) : QSocketNotifier(fd, QSocketNotifier::Read), count_(count) {}

   protected:
    bool event(QEvent* event) override {
      if (event->type() == QEvent::SockAct) ++count_;
      return QSocketNotifier::event(event);
    }

   private:
    int& count_;
  } notifier(fds[0], theirs);
  fd_watch watching = owner->watch(fds[0], interest::read, [&](interest) { ++ours; });
  ASSERT_EQ(::write(fds[1], "x", 1), 1);
  while (theirs < 2 || ours < 2) QCoreApplication::processEvents();
  watching.stop();
  const int before = theirs;
  while (theirs == before) QCoreApplication::processEvents();
  notifier.setEnabled(false);
  ::close(fds[0]);
  ::close(fds[1]);
}

TEST_P(qt_test, running_it_in_another_thread_is_refused) {
  qt_loop owner;
  std::thread([&] { EXPECT_THROW(owner->run(), error) << "wrong_thread in a checked build"; }).join();
}

TEST_P(qt_test, selecting_twice_is_allowed_in_the_same_thread_only) {
  loop& first = use_qt();
  EXPECT_TRUE(using_qt());
  EXPECT_EQ(&use_qt(), &first);
  std::thread([] { EXPECT_THROW(use_qt(), usage_error); }).join();
  first.close();
  EXPECT_FALSE(using_qt());
  use_qt().close();
  config().loop = nullptr;
}

TEST_P(qt_test, selecting_it_while_another_loop_is_selected_is_refused) {
  interloop::testing::manual_loop other;
  const auto selected = interloop::testing::replace_loop(*other);
  EXPECT_THROW(use_qt(), usage_error);
}

TEST_P(qt_test, with_too_few_descriptors_a_loop_is_refused) {
  const auto in_a_thread = [](void (*fn)()) { std::thread(fn).join(); };
  EXPECT_NO_THROW(qt_loop{});
  in_a_thread([] { EXPECT_NO_THROW(qt_loop{}); });  // see no_descriptors.hpp
  for (const unsigned left : {0U, 1U, 2U}) {
    const interloop::test::no_descriptors but(left);
    EXPECT_THROW(qt_loop{}, usage_error) << left;
    in_a_thread([] { EXPECT_THROW(qt_loop{}, usage_error) << "in a thread without a dispatcher"; });
  }
  EXPECT_NO_THROW(qt_loop{});
}

TEST_P(qt_test, a_callback_may_destroy_the_owner_of_the_native_loop_that_runs) {
  owners::a_callback_may_destroy_the_owner_of_the_native_loop_that_runs<qt_loop>();
}

TEST_P(qt_test, an_owner_may_be_assigned_another) { owners::an_owner_may_be_assigned_another<qt_loop>(); }

INSTANTIATE_TEST_SUITE_P(dispatchers, qt_test, ::testing::Values("usual", "plain"),
                         [](const auto& each) { return std::string(each.param); });

}  // namespace
