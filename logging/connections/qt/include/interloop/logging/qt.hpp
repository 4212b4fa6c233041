// SPDX-License-Identifier: MIT
// Logging and Qt's categories, in both directions. Component `log_qt`, target `interloop::log_qt`.
#pragma once

#include <interloop/logging/sink.hpp>

#include <memory>

namespace interloop {

/// A sink that hands messages to Qt: the category is the logger's name, and Qt's rules for categories apply. `critical`
/// and `error` are QtCriticalMsg, never QtFatalMsg, which would end the process; `debug` and `trace` are QtDebugMsg.
///
/// Thread safety: any.
[[nodiscard]] std::shared_ptr<log_sink> make_qt_sink();

/// Brings Qt's messages here: `log_namespace` is their category. Sets Qt's message handler; what the sink of
/// `make_qt_sink` writes still goes to the previous handler. A second call does nothing.
void receive_qt();

}  // namespace interloop
