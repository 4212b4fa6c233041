// SPDX-License-Identifier: MIT
// Qt as tests and benchmarks drive it: this thread's event dispatcher with interloop on it.
#pragma once

#include <interloop/adapters/qt.hpp>
#include <interloop/loop.hpp>
#include <interloop/testing/conformance.hpp>

#define QT_NO_KEYWORDS
#include <QAbstractEventDispatcher>
#include <QCoreApplication>
#include <QEvent>
#include <QEventLoop>
#include <QSocketNotifier>
#include <QThread>
#include <QTimer>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace interloop::test {

// Without -fPIC, which only a part of this project has, some of Qt's inline functions do not work in a program:
// QCoreApplication::instance(), QObject::connect() with pointers to members.

inline QCoreApplication* make_application() {
  static int count = 1;
  static char name[] = "interloop";
  static char* arguments[] = {name, nullptr};
  return new QCoreApplication(count, arguments);  // not destroyed: loops in other threads may need it
}

/// The application that `need_application` has made, or null.
inline QCoreApplication* application = nullptr;

inline void destroy_application() { delete std::exchange(application, nullptr); }

/// Makes the process's QCoreApplication, in this thread, unless there is one. One that this made before, for the other
/// kind of dispatcher, is made anew: QT_NO_GLIB chooses it.
inline void need_application() {
  if (!QCoreApplication::startingUp()) {
    const QAbstractEventDispatcher* const present = QAbstractEventDispatcher::instance();
    const bool by_the_other = present && present->inherits("QEventDispatcherGlib");
    if (!application || application->thread() != QThread::currentThread() ||
        by_the_other == qEnvironmentVariableIsEmpty("QT_NO_GLIB"))
      return;
    destroy_application();
  }
  application = make_application();
}

/// The same for threads that end: the application's stays.
inline void need_application_elsewhere() {
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  if (!QCoreApplication::startingUp()) return;
  bool made = false;
  std::mutex mutex;
  std::condition_variable changed;
  std::thread([&] {
    make_application();
    {
      const std::lock_guard inside(mutex);
      made = true;
      changed.notify_all();
    }
    for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
  }).detach();
  std::unique_lock waiting(mutex);
  changed.wait(waiting, [&] { return made; });
}

class on_qt final : public testing::conformance::native_loop {
 public:
  on_qt() {
    need_application();
    context_ = std::make_unique<QObject>();
    owner_.emplace();
  }
  ~on_qt() override {
    owner_.reset();
    context_.reset();
    QCoreApplication::processEvents();
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);  // what was deleted outside of events
  }

  loop& core() override { return **owner_; }
  void drop_owner() override { owner_.reset(); }
  bool make_owner() override {
    owner_.emplace();
    return true;
  }

  bool run_until(const std::function<bool()>& done, duration limit) override {
    const auto end = std::chrono::steady_clock::now() + limit;
    QTimer tick;  // a step lasts no longer
    tick.setTimerType(Qt::PreciseTimer);
    tick.start(2);
    bool is_done = false;
    while (!(is_done = done()) && std::chrono::steady_clock::now() < end)
      QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
    return is_done;
  }

  void call_native(std::function<void()> fn) override {
    QMetaObject::invokeMethod(context_.get(), std::move(fn), Qt::QueuedConnection);
  }

  std::shared_ptr<void> watch_native(int fd, std::function<void()> on_readable) override {
    return {new native_watch(fd, std::move(on_readable)), [](native_watch* mine) {
              mine->setEnabled(false);
              mine->deleteLater();
            }};
  }

  /// The native loop's own way to call a function soon.
  template <class F>
  void native_post(F fn) {
    QMetaObject::invokeMethod(context_.get(), std::move(fn), Qt::QueuedConnection);
  }
  /// For benchmarks: until nothing is left to do.
  void run() {
    while (QAbstractEventDispatcher::instance()->processEvents(QEventLoop::AllEvents)) continue;
  }

 private:
  class native_watch : public QSocketNotifier {
   public:
    native_watch(int fd, std::function<void()> fn) : QSocketNotifier(fd, QSocketNotifier::Read), fn_(std::move(fn)) {}

   protected:
    bool event(QEvent* event) override {
      if (event->type() == QEvent::SockAct && isEnabled()) fn_();
      return QSocketNotifier::event(event);
    }

   private:
    std::function<void()> fn_;
  };

  std::unique_ptr<QObject> context_;  // for the application's own calls
  std::optional<qt_loop> owner_;
};

/// The kinds that benchmarks run on, by name.
template <class Visit>
void visit_qt(Visit visit) {
  visit.template operator()<on_qt>("qt");
}

}  // namespace interloop::test
