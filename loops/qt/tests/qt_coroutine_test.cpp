// SPDX-License-Identifier: MIT
// A coroutine of QCoro awaits a future, and a coroutine of ours one of QCoro's.
#include "../fixture.hpp"

#include <interloop/awaitables.hpp>
#include <interloop/interloop.hpp>
#include <interloop/qt_future.hpp>

#include <QCoroFuture>
#include <QCoroTask>
#include <QPromise>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace {

using namespace interloop;
using namespace std::chrono_literals;

class qt_coroutine_test : public ::testing::Test {
 protected:
  qt_coroutine_test() {
    interloop::test::need_application();
    owner.emplace();
  }
  loop& core() { return **owner; }
  static void run_until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!done() && std::chrono::steady_clock::now() < end) QCoreApplication::processEvents();
    EXPECT_TRUE(done());
  }
  std::optional<qt_loop> owner;
};

TEST_F(qt_coroutine_test, a_task_of_qcoros_awaits_a_value_and_an_exception) {
  promise<int> value(core());
  promise<int> failing(core());
  std::string told;
  const auto task = [&]() -> QCoro::Task<> {
    const int got = co_await to_qfuture(value.get_future());
    try {
      co_await to_qfuture(failing.get_future());
    } catch (const std::out_of_range& why) {
      told = std::to_string(got) + why.what();
    }
  };
  const QCoro::Task<> running = task();
  value.resolve(1);
  failing.reject(std::out_of_range(" no such row"));
  run_until([&] { return !told.empty(); });
  EXPECT_EQ(told, "1 no such row");
}

TEST_F(qt_coroutine_test, a_future_awaits_a_task_of_qcoros) {
  QPromise<int> theirs;
  theirs.start();
  const auto task = [](QFuture<int> source, QPromise<int>& out) -> QCoro::Task<> {
    out.addResult(1 + co_await source);
    out.finish();
  };
  QPromise<int> sum;
  sum.start();
  const future<int> in = from_qfuture(core(), sum.future());
  const QCoro::Task<> running = task(theirs.future(), sum);
  theirs.addResult(2);
  theirs.finish();
  run_until([&] { return is_called(in); });
  EXPECT_EQ(in.value(), 3);
}

TEST_F(qt_coroutine_test, a_task_of_qcoros_awaits_a_future_itself) {
  promise<int> value(core());
  promise<int> failing(core());
  std::string told;
  const auto task = [&]() -> QCoro::Task<> {
    const int got = co_await value.get_future();
    try {
      co_await failing.get_future();
    } catch (const std::out_of_range& why) {
      told = std::to_string(got) + why.what();
    }
  };
  const QCoro::Task<> running = task();
  value.resolve(1);
  failing.reject(std::out_of_range(" no such row"));
  EXPECT_EQ(told, "") << "in a turn of the loop";
  run_until([&] { return !told.empty(); });
  EXPECT_EQ(told, "1 no such row");
}

TEST_F(qt_coroutine_test, a_coroutine_of_ours_awaits_a_task_of_qcoros_itself) {
  QPromise<int> theirs;
  theirs.start();
  const auto task = [](QFuture<int> source) -> QCoro::Task<int> { co_return 1 + co_await source; };
  const auto ours = [](loop&, QCoro::Task<int> awaited) -> future<int> { co_return 1 + co_await std::move(awaited); };
  const future<int> sum = ours(core(), task(theirs.future()));
  theirs.addResult(2);
  theirs.finish();
  EXPECT_FALSE(is_called(sum)) << "in a turn of the loop";
  run_until([&] { return is_called(sum); });
  EXPECT_EQ(sum.value(), 4);
}

}  // namespace
