// SPDX-License-Identifier: MIT
// A future goes out as a QFuture and comes in from one, with every fate of either.
#include "../fixture.hpp"
#include "support/sanitizers.hpp"

#include <interloop/interloop.hpp>
#include <interloop/qt_future.hpp>

#include <QFutureWatcher>
#include <QMetaObject>
#include <QPromise>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace interloop;
using namespace std::chrono_literals;

class qt_future_test : public ::testing::Test {
 protected:
  qt_future_test() {
    interloop::test::need_application();
    owner.emplace();
    (*owner)->set_exception_handler([this](std::string_view, const failure& why) { reports.push_back(why.message()); });
  }

  loop& core() { return **owner; }
  /// Runs Qt's events.
  static void run_until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!done() && std::chrono::steady_clock::now() < end) QCoreApplication::processEvents();
    EXPECT_TRUE(done());
  }
  /// Until nothing is left to do.
  static void settle() {
    for (int i = 0; i < 4; ++i) QCoreApplication::processEvents();
  }
  template <class T>
  static std::string error_of(const future<T>& f) {
    const failure* why = f.get_failure();
    return why ? why->type_name() : "none";
  }

  std::optional<qt_loop> owner;
  std::vector<std::string> reports;
};

class going_out : public qt_future_test {};
class coming_in : public qt_future_test {};

TEST_F(going_out, a_value_reaches_then_in_the_loops_thread_and_turn) {
  promise<int> end(core());
  std::thread::id where;
  int got = 0;
  std::uint64_t turn = 0;
  QFuture<int> out = to_qfuture(end.get_future());
  EXPECT_TRUE(out.isRunning());
  out.then([&](int value) {
    got = value;
    where = std::this_thread::get_id();
    turn = core().turns();
  });
  end.resolve(7);
  EXPECT_EQ(got, 0) << "not inside resolve";
  const std::uint64_t before = core().turns();
  run_until([&] { return got == 7; });
  EXPECT_EQ(where, std::this_thread::get_id());
  EXPECT_EQ(turn, before + 1);
  EXPECT_TRUE(out.isFinished());
  EXPECT_FALSE(out.isCanceled());
}

TEST_F(going_out, one_that_is_completed_already_finishes_in_a_later_turn) {
  promise<std::string> end(core());
  end.resolve("early");
  QFuture<std::string> out = to_qfuture(end.get_future());
  EXPECT_FALSE(out.isFinished());
  run_until([&] { return out.isFinished(); });
  EXPECT_EQ(out.result(), "early");
}

TEST_F(going_out, nothing_goes_out_as_void) {
  promise<void> end(core());
  bool ran = false;
  to_qfuture(end.get_future()).then([&] { ran = true; });
  end.resolve();
  run_until([&] { return ran; });
}

TEST_F(going_out, a_value_without_copies_is_moved_to_take_result) {
  promise<std::unique_ptr<int>> end(core());
  QFuture<std::unique_ptr<int>> out = to_qfuture(end.get_future());
  end.resolve(std::make_unique<int>(3));
  run_until([&] { return out.isFinished(); });
  EXPECT_EQ(*out.takeResult(), 3);
}

TEST_F(going_out, a_value_that_others_need_is_copied) {
  promise<std::string> end(core());
  const future<std::string> mine = end.get_future();
  QFuture<std::string> out = to_qfuture(mine);
  end.resolve("a value that is too long to be stored in the string itself");
  run_until([&] { return out.isFinished(); });
  EXPECT_EQ(mine.value(), out.result());
}

TEST_F(going_out, a_failure_keeps_its_type_for_on_failed_and_result_and_is_not_reported) {
  promise<int> end(core());
  std::string told;
  QFuture<int> out = to_qfuture(end.get_future());
  QFuture<int> chain = out.onFailed([&](const std::out_of_range& why) {
    told = why.what();
    return 0;
  });
  end.reject(std::out_of_range("no such row"));
  run_until([&] { return chain.isFinished(); });
  EXPECT_EQ(told, "no such row");
  EXPECT_THROW(out.result(), std::out_of_range);
  end = {};
  settle();
  EXPECT_TRUE(reports.empty());
}

TEST_F(going_out, a_future_that_is_cancelled_here_is_cancelled_there) {
  promise<int> end(core());
  const future<int> mine = end.get_future();
  bool cancelled = false;
  bool failed = false;
  QFuture<int> chain = to_qfuture(mine)
                           .onCanceled([&] {  // before onFailed, which takes the result of what was cancelled
                             cancelled = true;
                             return 0;
                           })
                           .onFailed([&] {
                             failed = true;
                             return 0;
                           });
  cancel(mine);
  run_until([&] { return chain.isFinished(); });
  EXPECT_TRUE(cancelled);
  EXPECT_FALSE(failed) << "it has no exception";
}

TEST_F(going_out, cancelling_the_qfuture_cancels_the_future_and_it_finishes) {
  bool asked = false;
  promise<int> end(core(), [&] { asked = true; });
  const future<int> mine = end.get_future();
  QFuture<int> out = to_qfuture(mine);
  QFutureWatcher<int> watcher;
  watcher.setFuture(out);
  out.cancel();
  EXPECT_FALSE(out.isFinished()) << "Qt's cancel only marks it";
  run_until([&] { return watcher.isFinished(); });
  EXPECT_TRUE(asked);
  EXPECT_EQ(error_of(mine), "interloop::cancelled_error");
  EXPECT_TRUE(out.isCanceled());
}

TEST_F(going_out, another_thread_may_cancel) {
  promise<int> end(core());
  QFuture<int> out = to_qfuture(end.get_future());
  std::thread([&] { out.cancel(); }).join();
  run_until([&] { return out.isFinished(); });
  EXPECT_FALSE(end.pending());
}

TEST_F(going_out, a_coroutine_that_ignores_the_cancellation_ends_first_and_its_value_is_dropped) {
  promise<int> step(core());
  const current_loop_scope here(core());
  const auto stubborn = [](future<int> first, future<int> second) -> future<int> {
    try {
      co_await first;
    } catch (const cancelled_error&) {
    }
    co_return co_await second;
  };
  promise<int> first(core());
  QFuture<int> out = to_qfuture(stubborn(first.get_future(), step.get_future()));
  settle();
  out.cancel();
  settle();
  EXPECT_FALSE(out.isFinished());
  step.resolve(5);
  run_until([&] { return out.isFinished(); });
  EXPECT_TRUE(out.isCanceled());
  EXPECT_EQ(out.resultCount(), 0);
}

TEST_F(going_out, a_failure_that_comes_after_the_cancellation_is_reported_for_qt_drops_it) {
  promise<int> end(core(), [&] { end.reject(std::range_error("it broke while it was cancelled")); });
  QFuture<int> out = to_qfuture(end.get_future());
  out.cancel();
  run_until([&] { return out.isFinished(); });
  EXPECT_NO_THROW(out.waitForFinished());
  end = {};
  settle();
  EXPECT_EQ(reports, std::vector<std::string>{"it broke while it was cancelled"});
}

TEST_F(going_out, a_cancellation_that_comes_too_late_keeps_the_value_and_skips_then) {
  promise<int> end(core());
  QFuture<int> out = to_qfuture(end.get_future());
  end.resolve(1);
  run_until([&] { return out.isFinished(); });
  out.cancel();
  settle();
  bool ran = false;
  out.then([&](int) { ran = true; });
  EXPECT_FALSE(ran) << "Qt's cancel marks even what has finished";
  EXPECT_EQ(out.resultCount(), 1);
}

TEST_F(going_out, closing_the_loop_finishes_it_with_loop_closed_inside_close) {
  promise<int> end(core());
  std::string told;
  QFuture<int> out = to_qfuture(end.get_future());
  out.onFailed([&](const loop_closed& why) {
    told = why.what();
    return 0;
  });
  static_cast<void>(core().close());
  EXPECT_TRUE(out.isFinished());
  EXPECT_FALSE(told.empty());
  EXPECT_THROW(out.result(), loop_closed);
}

TEST_F(going_out, a_canceller_that_closes_the_loop_finishes_it) {
  promise<int> end(core(), [this] { static_cast<void>(core().close()); });
  QFuture<int> out = to_qfuture(end.get_future());
  out.cancel();
  run_until([&] { return out.isFinished(); });
  settle();
}

TEST_F(going_out, one_that_nobody_can_complete_any_more_fails_with_broken_promise) {
  std::optional<promise<int>> end(std::in_place, core());
  QFuture<int> out = to_qfuture(end->get_future());
  end.reset();
  run_until([&] { return out.isFinished(); });
  EXPECT_THROW(out.result(), broken_promise);
}

TEST_F(going_out, dropping_the_qfuture_cancels_nothing) {
  promise<int> end(core());
  static_cast<void>(to_qfuture(end.get_future()));
  settle();
  EXPECT_TRUE(end.pending());
  end.resolve(1);
  settle();
  EXPECT_TRUE(reports.empty());
}

TEST_F(going_out, a_continuation_with_a_context_runs_in_the_contexts_thread) {
  if (interloop::test::with_tsan) GTEST_SKIP() << "Qt hands the continuation over by locks of its own";
  class thread final : public QThread {
   public:
    QObject* context = nullptr;
    thread() {
      start();
      while (!ready.load()) std::this_thread::yield();
    }
    ~thread() override {
      quit();
      wait();
    }
    std::atomic<bool> ready{false};

   protected:
    void run() override {
      QObject mine;
      context = &mine;
      ready = true;
      exec();
    }
  } other;
  promise<int> end(core());
  std::atomic<bool> elsewhere{false};
  to_qfuture(end.get_future()).then(other.context, [&](int) { elsewhere = QThread::currentThread() == &other; });
  end.resolve(1);
  run_until([&] { return elsewhere.load(); });
}

TEST_F(going_out, an_exception_of_a_continuation_does_not_reach_the_loop) {
  promise<int> end(core());
  QFuture<void> chain = to_qfuture(end.get_future()).then([](int) { throw std::domain_error("theirs"); });
  end.resolve(1);
  run_until([&] { return chain.isFinished(); });
  EXPECT_THROW(chain.waitForFinished(), std::domain_error);
  EXPECT_TRUE(reports.empty());
}

TEST_F(going_out, a_closed_loop_and_an_empty_handle_are_refused) {
  promise<int> end(core());
  static_cast<void>(core().close());
  EXPECT_THROW(static_cast<void>(to_qfuture(end.get_future())), loop_closed);
  EXPECT_THROW(static_cast<void>(to_qfuture(future<int>())), usage_error);
}

TEST_F(coming_in, a_result_comes_in_as_a_copy_and_other_copies_keep_it) {
  QPromise<std::string> theirs;
  theirs.start();
  const future<std::string> in = from_qfuture(core(), theirs.future());
  theirs.addResult(std::string("a result that is too long to be stored in the string itself"));
  theirs.finish();
  EXPECT_FALSE(is_called(in)) << "Qt tells of it by an event";
  run_until([&] { return is_called(in); });
  EXPECT_EQ(in.value(), theirs.future().result());
}

TEST_F(coming_in, one_that_has_finished_is_completed_at_once_and_its_callbacks_run_in_a_turn) {
  const future<int> in = from_qfuture(core(), QtFuture::makeReadyFuture(4));
  EXPECT_TRUE(is_called(in));
  int got = 0;
  add_callbacks(in, [&](int value) { got = value; });
  EXPECT_EQ(got, 0);
  run_until([&] { return got == 4; });
}

TEST_F(coming_in, a_result_without_copies_is_taken) {
  QPromise<std::unique_ptr<int>> theirs;
  theirs.start();
  const future<std::unique_ptr<int>> in = from_qfuture(core(), theirs.future());
  theirs.addResult(std::make_unique<int>(9));
  theirs.finish();
  run_until([&] { return is_called(in); });
  EXPECT_EQ(*in.take(), 9);
  EXPECT_EQ(theirs.future().resultCount(), 0) << "from all copies";
}

TEST_F(coming_in, a_result_that_another_copy_takes_first_fails_it) {
  QPromise<std::unique_ptr<int>> theirs;
  theirs.start();
  const future<std::unique_ptr<int>> in = from_qfuture(core(), theirs.future());
  theirs.addResult(std::make_unique<int>(9));
  theirs.finish();
  EXPECT_EQ(*theirs.future().takeResult(), 9);
  run_until([&] { return is_called(in); });
  EXPECT_EQ(error_of(in), "interloop::broken_promise");
}

TEST_F(coming_in, nothing_comes_in_as_void) {
  QPromise<void> theirs;
  theirs.start();
  const future<void> in = from_qfuture(core(), theirs.future());
  theirs.finish();
  run_until([&] { return is_called(in); });
  EXPECT_EQ(error_of(in), "none");
}

TEST_F(coming_in, it_comes_from_another_thread_into_the_loops) {
  QPromise<int> theirs;
  theirs.start();
  std::thread::id where;
  add_callbacks(from_qfuture(core(), theirs.future()), [&](int) { where = std::this_thread::get_id(); });
  std::thread([&] {
    theirs.addResult(1);
    theirs.finish();
  }).join();
  run_until([&] { return where != std::thread::id(); });
  EXPECT_EQ(where, std::this_thread::get_id());
}

TEST_F(coming_in, the_continuations_that_the_application_has_or_adds_run_too) {
  QPromise<int> theirs;
  theirs.start();
  QFuture<int> source = theirs.future();
  int before = 0;
  source.then([&](int value) { before = value; });
  const future<int> in = from_qfuture(core(), source);
  theirs.addResult(6);
  theirs.finish();
  run_until([&] { return is_called(in); });
  EXPECT_EQ(before, 6);
  EXPECT_EQ(in.value(), 6);

  QPromise<int> others;
  others.start();
  int after = 0;
  const future<int> second = from_qfuture(core(), others.future());
  others.future().then([&](int value) { after = value; });
  others.addResult(7);
  others.finish();
  run_until([&] { return is_called(second); });
  EXPECT_EQ(after, 7);
}

TEST_F(coming_in, an_exception_is_told_from_a_cancellation_although_both_mark_the_qfuture_cancelled) {
  QPromise<int> failing;
  QPromise<int> stopped;
  failing.start();
  stopped.start();
  const future<int> failed = from_qfuture(core(), failing.future());
  const future<int> cancelled = from_qfuture(core(), stopped.future());
  failing.setException(std::make_exception_ptr(std::out_of_range("theirs")));
  failing.finish();
  stopped.future().cancel();
  settle();
  EXPECT_FALSE(is_called(cancelled)) << "it has not finished";
  stopped.finish();
  run_until([&] { return is_called(failed) && is_called(cancelled); });
  EXPECT_EQ(error_of(failed), "std::out_of_range");
  EXPECT_EQ(error_of(cancelled), "interloop::cancelled_error");
}

TEST_F(coming_in, a_cancellation_after_the_finish_counts_as_it_does_for_then) {
  QPromise<int> theirs;
  theirs.start();
  theirs.addResult(1);
  theirs.finish();
  theirs.future().cancel();
  EXPECT_EQ(error_of(from_qfuture(core(), theirs.future())), "interloop::cancelled_error");
}

TEST_F(coming_in, a_promise_of_qts_that_is_destroyed_counts_as_cancelled) {
  std::optional<QPromise<int>> theirs(std::in_place);
  theirs->start();
  const future<int> in = from_qfuture(core(), theirs->future());
  theirs.reset();
  run_until([&] { return is_called(in); });
  EXPECT_EQ(error_of(in), "interloop::cancelled_error");
  EXPECT_EQ(error_of(from_qfuture(core(), QFuture<int>())), "interloop::cancelled_error") << "so is one without any";
}

TEST_F(coming_in, one_without_a_result_fails_and_of_several_the_first_counts) {
  QPromise<int> none;
  none.start();
  none.finish();
  EXPECT_EQ(error_of(from_qfuture(core(), none.future())), "interloop::broken_promise");
  QPromise<int> many;
  many.start();
  many.addResult(1);
  many.addResult(2);
  many.finish();
  EXPECT_EQ(from_qfuture(core(), many.future()).value(), 1);
}

TEST_F(coming_in, cancelling_the_future_cancels_the_qfuture_and_the_future_fails_at_once) {
  QPromise<int> theirs;
  theirs.start();
  const future<int> in = from_qfuture(core(), theirs.future());
  cancel(in, "not needed");
  EXPECT_TRUE(theirs.isCanceled());
  EXPECT_EQ(error_of(in), "interloop::cancelled_error");
  EXPECT_EQ(in.get_failure()->message(), "not needed");
  theirs.addResult(1);
  theirs.finish();
  settle();
}

TEST_F(coming_in, closing_the_loop_fails_it_and_leaves_the_qfuture_alone) {
  QPromise<int> theirs;
  theirs.start();
  const future<int> in = from_qfuture(core(), theirs.future());
  static_cast<void>(core().close());
  EXPECT_EQ(error_of(in), "interloop::loop_closed");
  EXPECT_FALSE(theirs.isCanceled());
  theirs.addResult(1);
  theirs.finish();
  settle();
  EXPECT_THROW(static_cast<void>(from_qfuture(core(), theirs.future())), loop_closed);
}

TEST_F(coming_in, a_future_that_nobody_holds_any_more_waits_for_its_callbacks) {
  QPromise<int> theirs;
  theirs.start();
  int got = 0;
  add_callbacks(from_qfuture(core(), theirs.future()), [&](int value) { got = value; });
  settle();
  theirs.addResult(2);
  theirs.finish();
  run_until([&] { return got == 2; });
}

TEST_F(coming_in, a_coroutine_awaits_it_on_the_current_loop) {
  QPromise<int> theirs;
  theirs.start();
  const current_loop_scope here(core());
  const auto awaits = [](QFuture<int> source) -> future<int> { co_return 1 + co_await from_qfuture(source); };
  const future<int> sum = awaits(theirs.future());
  theirs.addResult(2);
  theirs.finish();
  run_until([&] { return is_called(sum); });
  EXPECT_EQ(sum.value(), 3);
}

TEST_F(coming_in, a_future_goes_out_and_comes_back_with_value_failure_and_cancellation) {
  promise<int> value(core());
  promise<int> failing(core());
  promise<int> asked(core());
  const future<int> one = from_qfuture(core(), to_qfuture(value.get_future()));
  const future<int> two = from_qfuture(core(), to_qfuture(failing.get_future()));
  const future<int> three = from_qfuture(core(), to_qfuture(asked.get_future()));
  value.resolve(1);
  failing.reject(std::length_error("long"));
  cancel(three);
  run_until([&] { return is_called(one) && is_called(two) && !asked.pending(); });
  EXPECT_EQ(one.value(), 1);
  EXPECT_EQ(error_of(two), "std::length_error");
  EXPECT_EQ(error_of(asked.get_future()), "interloop::cancelled_error");
}

}  // namespace
