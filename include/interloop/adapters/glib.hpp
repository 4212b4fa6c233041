// SPDX-License-Identifier: MIT
// interloop on GLib. Names no GLib header: the native type is only declared.
#pragma once

#include <interloop/loop_owner.hpp>

extern "C" {
typedef struct _GMainContext GMainContext;
}

namespace interloop {

/// A loop on a `GMainContext`, which it keeps a reference to; null means the global default one. Whoever iterates the
/// context (`g_main_loop_run`, a GTK application, a nested loop of a dialog) runs it.
///
/// Its sources have `G_PRIORITY_DEFAULT`: at idle priority one busy source would starve them.
/// Thread safety: create it in the thread that iterates the context, or before that is iterated.
/// Errors: `usage_error` if no descriptor is left for a context that is to be made.
class glib_loop : public loop_owner {
 public:
  /// On a `GMainContext` of its own, which `loop::run` iterates.
  glib_loop();
  explicit glib_loop(GMainContext* native);
};

/// Selects a `GMainContext` for the process. Again with the same one: no effect. Errors: `usage_error` if another loop is
/// selected.
loop& use_glib(GMainContext* native);

/// Whether the selected loop is a GLib one.
[[nodiscard]] bool using_glib() noexcept;

}  // namespace interloop
