// SPDX-License-Identifier: MIT
// interloop on GLib. Names no GLib header: the native type is only declared.
#pragma once

#include <interloop/loop_owner.hpp>

extern "C" {
typedef struct _GMainContext GMainContext;
}

namespace interloop {

/// A loop on a `GMainContext`, to which it keeps a reference; null means the global default one. The code that iterates
/// the context (`g_main_loop_run`, a GTK application, a dialog's nested loop) runs it.
///
/// Its sources have `G_PRIORITY_DEFAULT`: at idle priority one busy source would starve them.
/// Thread safety: create it in the thread that iterates the context, or before any thread does.
/// Errors: `usage_error` if a context is to be made and no descriptor is left for it.
class glib_loop : public loop_owner {
 public:
  /// On a `GMainContext` of its own, which `loop::run` iterates.
  glib_loop();
  explicit glib_loop(GMainContext* native);
};

/// Selects a `GMainContext` for the process. Selecting the same one again has no effect. Errors: `usage_error` if
/// another loop is selected.
loop& use_glib(GMainContext* native);

/// Whether the selected loop is a GLib one.
[[nodiscard]] bool using_glib() noexcept;

/// The `GMainContext` that a loop is on. Errors: `usage_error` if it is not a GLib loop, `loop_closed`.
[[nodiscard]] GMainContext* glib_context(loop& core);

}  // namespace interloop
