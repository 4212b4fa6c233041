// SPDX-License-Identifier: MIT
// How qt_future.hpp hears of a QFuture: without signals, and without its one continuation, which is the application's.
#pragma once

#include <QFutureInterface>
#include <QFutureWatcher>

class QEvent;

namespace interloop::detail {

/// In its thread, as long as somebody runs Qt's events there. Not a QFutureWatcher<void>, which would first make a
/// QFuture for nothing.
class qt_watcher : public QFutureWatcherBase {
 public:
  ~qt_watcher() override;

  /// Destroys this, and calls nothing any more. Qt forbids that inside the object's own event: there, Qt destroys it
  /// soon.
  void retire() noexcept;

 protected:
  explicit qt_watcher(const QFutureInterfaceBase& watched) : watched_(watched) {}

  void start() { connectOutputInterface(); }

  /// The QFuture was cancelled or finished, or something else happened to it. May retire this.
  virtual void changed() = 0;

  bool event(QEvent* event) final;

 private:
  const QFutureInterfaceBase& futureInterface() const final { return watched_; }
  QFutureInterfaceBase& futureInterface() final { return watched_; }

  QFutureInterfaceBase watched_;
  bool inside_its_event_ = false;
  bool retired_ = false;
};

}  // namespace interloop::detail
