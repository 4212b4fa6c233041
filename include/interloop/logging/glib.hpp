// SPDX-License-Identifier: MIT
// Logging and GLib's structured log, in both directions. Component `log_glib`, target `interloop::log_glib`.
#pragma once

#include <interloop/logging/sink.hpp>

#include <memory>

namespace interloop {

/// A sink that hands messages to GLib, as `g_log_structured` does: `MESSAGE`, `PRIORITY`, `GLIB_DOMAIN` (the logger's
/// name), `CODE_FILE`, `CODE_LINE`, `CODE_FUNC`, and each field under its name in capitals. `critical` and `error` are
/// GLib's CRITICAL, never its ERROR, which would end the process; with G_DEBUG=fatal-criticals they do.
///
/// Thread safety: any.
[[nodiscard]] std::shared_ptr<log_sink> make_glib_sink();

/// Brings GLib's messages here, those of `g_message` and `g_warning` too: `log_namespace` is their domain, or `glib`.
/// GLib's fields come as fields. What `make_glib_sink`'s sink writes goes on to where GLib writes by default.
///
/// GLib lets a process set its writer once. A second call here does nothing; where the application has set one of its
/// own, GLib itself ends the process. Thread safety: before other threads log to GLib.
void receive_glib();

}  // namespace interloop
