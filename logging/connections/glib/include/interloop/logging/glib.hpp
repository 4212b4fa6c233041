// SPDX-License-Identifier: MIT
// Logging and GLib's structured log, in both directions. Component `log_glib`, target `interloop::log_glib`.
#pragma once

#include <interloop/logging/sink.hpp>

#include <memory>

namespace interloop {

/// A sink that hands messages to GLib, as `g_log_structured` does: `MESSAGE`, `PRIORITY`, `GLIB_DOMAIN` (the logger's
/// name), `CODE_FILE`, `CODE_LINE`, `CODE_FUNC`, and each field under its name in capitals. `critical` and `error` are
/// GLib's CRITICAL, never its ERROR, which would end the process; with G_DEBUG=fatal-criticals, CRITICAL ends it too.
///
/// Thread safety: any.
[[nodiscard]] std::shared_ptr<log_sink> make_glib_sink();

/// Brings GLib's messages here, including those of `g_message` and `g_warning`: `log_namespace` is their domain, or
/// `glib`. GLib's fields become fields. What the sink of `make_glib_sink` writes still goes to GLib's default output.
///
/// GLib lets a process set its writer only once. A second call of this function does nothing; if the application has
/// set its own writer, GLib ends the process. Thread safety: before other threads log to GLib.
void receive_glib();

}  // namespace interloop
