// SPDX-License-Identifier: MIT
// interloop on Qt 6. Names no Qt header.
#pragma once

#include <interloop/loop_owner.hpp>

namespace interloop {

/// A loop on the event dispatcher of the thread that makes it: whatever runs Qt's events in that thread runs it
/// (`QCoreApplication::exec`, `QThread::exec`, a dialog, `processEvents`), and so does `loop::run`, with a `QEventLoop`.
/// A thread that Qt has not started (a `std::thread`) is given a dispatcher by this, for as long as the thread lasts.
///
/// The loop closes when its dispatcher is destroyed: with the application in the main thread, elsewhere at the end of the
/// thread. Without an application Qt delivers no events in any thread, so its end also ends `loop::run` in other threads,
/// and closes those loops.
/// Thread safety: make, use and destroy it in one thread.
/// Errors: `usage_error` if there is no `QCoreApplication`, or no descriptor is left.
class qt_loop : public loop_owner {
 public:
  qt_loop();
};

/// Selects the calling thread's event dispatcher for the process, usually the application's, in the thread that made the
/// `QCoreApplication`. Selecting the same one again has no effect. Errors: as `qt_loop`, and `usage_error` if another
/// loop is selected.
loop& use_qt();

/// Whether the selected loop is a Qt one.
[[nodiscard]] bool using_qt() noexcept;

}  // namespace interloop
