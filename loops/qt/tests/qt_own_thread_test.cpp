// SPDX-License-Identifier: MIT
// Waits that would deadlock are refused if the application runs Qt's events itself: neither too many (a thread of its
// pool may wait) nor too few (that would hang).
#include "../fixture.hpp"
#include "support/blocking.hpp"

#include <interloop/interloop.hpp>

#include <thread>

namespace {

using namespace interloop;
using blocking_test::served;

TEST(qt_own_thread_test, a_qt_loop_is_known_before_its_first_turn_and_other_threads_may_wait) {
  interloop::test::need_application();
  QObject context;
  qt_loop owner;
  const loop_remote remote = owner->remote();
  int seen = -1;
  QMetaObject::invokeMethod(&context, [&] { seen = served(remote); }, Qt::QueuedConnection);
  QCoreApplication::sendPostedEvents(&context);
  EXPECT_EQ(seen, 0);

  std::thread other([&] {
    EXPECT_EQ(served(remote), 1);
    remote.post([] { QCoreApplication::quit(); });
  });
  QCoreApplication::exec();
  other.join();
}

TEST(qt_own_thread_test, a_qt_loop_in_a_thread_of_its_own_is_waited_for) {
  interloop::test::need_application();
  const loop_thread thread([] { return qt_loop(); });
  EXPECT_EQ(served(thread.remote()), 1);
  int seen = -1;
  blocking_test::event over;
  thread.remote().post([&] {
    seen = served(thread.remote());
    over.set();
  });
  over.wait();
  EXPECT_EQ(seen, 0);
}

}  // namespace
