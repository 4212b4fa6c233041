// SPDX-License-Identifier: MIT
// The next emission of a signal comes in as a future.
#include "../fixture.hpp"

#include <interloop/interloop.hpp>
#include <interloop/qt_future.hpp>

#include <QMetaMethod>
#include <QStringListModel>
#include <QTimer>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <tuple>

namespace {

using namespace interloop;
using namespace std::chrono_literals;

class qt_signal_test : public ::testing::Test {
 protected:
  qt_signal_test() {
    interloop::test::need_application();
    owner.emplace();
  }

  loop& core() { return **owner; }
  template <class T>
  static void run_until_called(const future<T>& f) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!is_called(f) && std::chrono::steady_clock::now() < end) QCoreApplication::processEvents();
    EXPECT_TRUE(is_called(f));
  }

  std::optional<qt_loop> owner;
};

TEST_F(qt_signal_test, one_without_arguments_is_a_future_of_nothing) {
  QTimer timer;
  const future<void> rings = next_signal(core(), &timer, &QTimer::timeout);
  timer.start(0);
  run_until_called(rings);
  EXPECT_EQ(rings.get_failure(), nullptr);
}

TEST_F(qt_signal_test, its_argument_is_copied) {
  QObject sender;
  future<QString> named = next_signal(core(), &sender, &QObject::objectNameChanged);
  sender.setObjectName(QStringLiteral("first"));
  sender.setObjectName(QStringLiteral("second"));
  EXPECT_FALSE(is_called(named)) << "in a later turn";
  run_until_called(named);
  EXPECT_EQ(named.value(), QStringLiteral("first")) << "once";
  named = next_signal(core(), &sender, &QObject::objectNameChanged);
  sender.setObjectName(QStringLiteral("third"));
  run_until_called(named);
  EXPECT_EQ(named.value(), QStringLiteral("third"));
}

TEST_F(qt_signal_test, several_arguments_are_a_tuple) {
  QStringListModel model;
  const future<std::tuple<QModelIndex, int, int>> inserted =
      next_signal(core(), &model, &QAbstractItemModel::rowsInserted);
  model.insertRows(0, 3);
  run_until_called(inserted);
  EXPECT_EQ(std::get<1>(inserted.value()), 0);
  EXPECT_EQ(std::get<2>(inserted.value()), 2);
}

TEST_F(qt_signal_test, it_comes_from_another_thread_into_the_loops) {
  QObject sender;
  std::thread::id where;
  const future<QString> named = next_signal(core(), &sender, &QObject::objectNameChanged);
  add_callbacks(named, [&](const QString&) { where = std::this_thread::get_id(); });
  std::thread([&] { sender.setObjectName(QStringLiteral("elsewhere")); }).join();
  run_until_called(named);
  QCoreApplication::processEvents();
  EXPECT_EQ(where, std::this_thread::get_id());
  EXPECT_EQ(named.value(), QStringLiteral("elsewhere"));
}

TEST_F(qt_signal_test, a_sender_that_is_destroyed_fails_it_with_a_reason) {
  auto sender = std::make_unique<QObject>();
  const future<QString> named = next_signal(core(), sender.get(), &QObject::objectNameChanged);
  sender.reset();
  run_until_called(named);
  ASSERT_NE(named.get_failure(), nullptr);
  EXPECT_EQ(named.get_failure()->type_name(), "interloop::broken_promise");
  EXPECT_NE(named.get_failure()->message().find("the sender was destroyed"), std::string::npos);
}

TEST_F(qt_signal_test, a_sender_that_is_destroyed_in_another_thread_fails_it_too) {
  auto sender = std::make_unique<QObject>();
  sender->moveToThread(nullptr);
  const future<QString> named = next_signal(core(), sender.get(), &QObject::objectNameChanged);
  std::thread([sender = std::move(sender)]() mutable { sender.reset(); }).join();
  run_until_called(named);
  EXPECT_EQ(named.get_failure()->type_name(), "interloop::broken_promise");
}

TEST_F(qt_signal_test, a_sender_that_disconnects_everything_fails_it_too) {
  QObject sender;
  const future<QString> named = next_signal(core(), &sender, &QObject::objectNameChanged);
  sender.disconnect();
  run_until_called(named);
  EXPECT_EQ(named.get_failure()->type_name(), "interloop::broken_promise");
}

// Of an object, the connections of this signal.
class counting final : public QObject {
 public:
  [[nodiscard]] bool connected() const {
    return isSignalConnected(QMetaMethod::fromSignal(&QObject::objectNameChanged));
  }
};

TEST_F(qt_signal_test, cancelling_disconnects_it) {
  counting sender;
  const future<QString> named = next_signal(core(), &sender, &QObject::objectNameChanged);
  EXPECT_TRUE(sender.connected());
  cancel(named);
  EXPECT_FALSE(sender.connected());
  EXPECT_EQ(named.get_failure()->type_name(), "interloop::cancelled_error");
}

TEST_F(qt_signal_test, an_emission_disconnects_it) {
  counting sender;
  const future<QString> named = next_signal(core(), &sender, &QObject::objectNameChanged);
  sender.setObjectName(QStringLiteral("x"));
  EXPECT_FALSE(sender.connected());
  run_until_called(named);
}

TEST_F(qt_signal_test, closing_the_loop_fails_and_disconnects_it) {
  counting sender;
  const future<QString> named = next_signal(core(), &sender, &QObject::objectNameChanged);
  static_cast<void>(core().close());
  EXPECT_EQ(named.get_failure()->type_name(), "interloop::loop_closed");
  EXPECT_FALSE(sender.connected());
  EXPECT_THROW(static_cast<void>(next_signal(core(), &sender, &QObject::objectNameChanged)), loop_closed);
}

TEST_F(qt_signal_test, a_slot_of_the_same_emission_may_cancel_it_and_destroy_the_loop) {
  QObject sender;
  std::optional<future<QString>> named;
  QObject::connect(&sender, &QObject::objectNameChanged, &sender, [&] {
    named.reset();
    owner.reset();
  });
  named = next_signal(core(), &sender, &QObject::objectNameChanged);
  sender.setObjectName(QStringLiteral("x"));
  QCoreApplication::processEvents();
}

TEST_F(qt_signal_test, a_null_sender_and_a_member_that_is_not_a_signal_are_refused) {
  const QObject* none = nullptr;
  EXPECT_THROW(static_cast<void>(next_signal(core(), none, &QObject::objectNameChanged)), usage_error);
  QObject sender;
  EXPECT_THROW(static_cast<void>(next_signal(core(), &sender, &QObject::deleteLater)), usage_error);
}

TEST_F(qt_signal_test, a_coroutine_awaits_signals_one_after_another) {
  QObject sender;
  const current_loop_scope here(core());
  const auto two = [](QObject* from) -> future<QString> {
    const QString first = co_await next_signal(from, &QObject::objectNameChanged);
    const QString second = co_await next_signal(from, &QObject::objectNameChanged);
    co_return first + second;
  };
  const future<QString> both = two(&sender);
  sender.setObjectName(QStringLiteral("a"));
  QCoreApplication::processEvents();
  sender.setObjectName(QStringLiteral("b"));
  run_until_called(both);
  EXPECT_EQ(both.value(), QStringLiteral("ab"));
}

}  // namespace
