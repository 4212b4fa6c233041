// SPDX-License-Identifier: MIT
// How many allocations a conversion takes, and what becomes of it when one fails.
#include "../fixture.hpp"
#include "support/failing_new.hpp"

#include <interloop/interloop.hpp>
#include <interloop/qt_future.hpp>

#include <QPromise>

#include <gtest/gtest.h>

#include <new>
#include <optional>

namespace {

using namespace interloop;
using interloop::test::failing_new;

class qt_memory_test : public ::testing::Test {
 protected:
  qt_memory_test() {
    interloop::test::need_application();
    owner.emplace();
    for (int i = 0; i < 3; ++i) {  // the first operations allocate their blocks
      promise<int> end(core());
      static_cast<void>(to_qfuture(end.get_future()));
      end.resolve(1);
      QCoreApplication::processEvents();
    }
  }
  loop& core() { return **owner; }

  template <class F>
  static long count(F fn) {
    const failing_new counting(0);
    fn();
    return failing_new::count();
  }

  std::optional<qt_loop> owner;
};

// One of interloop's, and the private part of a watcher, in which Qt keeps it to tell of `cancel`.
TEST_F(qt_memory_test, going_out_takes_two_allocations_more_than_a_promise_of_qts) {
  std::optional<QPromise<int>> theirs;
  const long qts = count([&] {
    theirs.emplace();
    theirs->start();
  });
  promise<int> end(core());
  std::optional<QFuture<int>> out;
  EXPECT_EQ(count([&] { out = to_qfuture(end.get_future()); }), qts + 2);

  const long qts_end = count([&] {
    theirs->addResult(1);
    theirs->finish();
  });
  end.resolve(1);
  EXPECT_EQ(count([] { QCoreApplication::processEvents(); }), qts_end);
  EXPECT_TRUE(out->isFinished());
}

TEST_F(qt_memory_test,
       coming_in_takes_no_more_than_a_future_and_a_watcher_of_qts_and_only_the_future_once_it_has_finished) {
  QPromise<int> theirs;
  theirs.start();
  const long ours = count([&] { promise<int> end(core()); });
  std::optional<future<int>> in;
  std::optional<QFutureWatcher<int>> watcher;
  const long qts = count([&] {
    watcher.emplace();
    watcher->setFuture(theirs.future());
  });
  EXPECT_LE(count([&] { in = from_qfuture(core(), theirs.future()); }), ours + qts);
  theirs.addResult(1);
  theirs.finish();
  EXPECT_EQ(count([&] { in = from_qfuture(core(), theirs.future()); }), ours);
}

TEST_F(qt_memory_test, a_conversion_that_runs_out_of_memory_leaves_nothing_behind) {
  for (long failing = 1;; ++failing) {
    ASSERT_LT(failing, 100);
    promise<int> end(core());
    QPromise<int> theirs;
    theirs.start();
    bool failed = false;
    {
      const failing_new one(failing);
      try {
        static_cast<void>(to_qfuture(end.get_future()));
        static_cast<void>(from_qfuture(core(), theirs.future()));
      } catch (const std::bad_alloc&) {
      }
      failed = failing_new::failed();
    }
    EXPECT_TRUE(end.pending());
    EXPECT_FALSE(theirs.isCanceled());
    end.resolve(1);
    theirs.addResult(1);
    theirs.finish();
    for (int i = 0; i < 3; ++i) QCoreApplication::processEvents();
    if (!failed) return;
  }
}

TEST_F(qt_memory_test, a_loop_that_is_closed_in_its_own_turn_needs_no_memory) {
  core().call_soon([&] {
    const failing_new one(1);
    owner.reset();
  });
  while (owner) QCoreApplication::processEvents();
  owner.emplace();
}

}  // namespace
