// SPDX-License-Identifier: MIT
#include <interloop/detail/qt_watcher.hpp>

#include <QEvent>

#include <new>

namespace interloop::detail {

qt_watcher::~qt_watcher() { disconnectOutputInterface(); }

void qt_watcher::retire() noexcept {
  if (!inside_its_event_) {
    delete this;
    return;
  }
  if (retired_) return;
  retired_ = true;
  try {
    deleteLater();
  } catch (const std::bad_alloc&) {  // it stays, without effect
  }
}

bool qt_watcher::event(QEvent* event) {
  if (event->type() != QEvent::FutureCallOut) return QFutureWatcherBase::event(event);
  if (retired_) return true;
  inside_its_event_ = true;
  try {
    changed();
  } catch (const std::bad_alloc&) {  // not into Qt: a request to cancel is lost
  }
  inside_its_event_ = false;
  return true;
}

}  // namespace interloop::detail
