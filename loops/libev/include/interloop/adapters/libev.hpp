// SPDX-License-Identifier: MIT
// interloop on libev. Names no libev header: the native type is only declared.
#pragma once

#include <interloop/loop_owner.hpp>

struct ev_loop;

namespace interloop {

/// A loop on a `struct ev_loop`, which the caller makes (`ev_loop_new`, `ev_default_loop`), runs (`ev_run`) and destroys.
/// The watchers that interloop adds do not keep `ev_run` going unless something is pending; the first one makes one
/// iteration in any case.
///
/// Destroying or closing it stops those watchers at once; do that before `ev_loop_destroy`.
/// Thread safety: create it in the thread that runs the `struct ev_loop`, or before any thread does.
/// Errors: `usage_error` if the loop is null or no descriptor is left for its wake-ups.
class libev_loop : public loop_owner {
 public:
  /// On a `struct ev_loop` of its own, never the default one, which `loop::run` runs. Errors: `usage_error` if libev
  /// cannot make one.
  libev_loop();
  explicit libev_loop(struct ev_loop* native);
};

/// Selects a `struct ev_loop` for the process; it must outlive the selection (see `close()`). Selecting the same one
/// again has no effect. Errors: `usage_error` if another loop is selected.
loop& use_libev(struct ev_loop* native);

/// Whether the selected loop is a libev one.
[[nodiscard]] bool using_libev() noexcept;

}  // namespace interloop
