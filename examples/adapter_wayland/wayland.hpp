// SPDX-License-Identifier: MIT
// interloop on libwayland's event loop: an example of an adapter, on a loop that has a descriptor for everything.
#pragma once

#include <interloop/loop_owner.hpp>

struct wl_event_loop;

namespace example {

/// A loop on a `wl_event_loop`, which the caller makes (`wl_display_get_event_loop`), dispatches and destroys; destroying
/// it closes this loop. Thread safety: create it in the thread that dispatches.
/// Errors: `usage_error` if no descriptor is left.
class wayland_loop : public interloop::loop_owner {
 public:
  explicit wayland_loop(wl_event_loop* native);
};

}  // namespace example
