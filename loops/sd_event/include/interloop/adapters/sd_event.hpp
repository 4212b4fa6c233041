// SPDX-License-Identifier: MIT
// interloop on sd-event, systemd's event loop. Names no systemd header: the native type is only declared.
#pragma once

#include <interloop/loop_owner.hpp>

extern "C" {
typedef struct sd_event sd_event;
}

namespace interloop {

/// A loop on an `sd_event`, to which it keeps a reference. The code that runs the `sd_event` (`::sd_event_loop`,
/// `::sd_event_run`, or another loop that has `sd_event_get_fd`'s descriptor) runs it. After `sd_event_exit` nothing can
/// run on an `sd_event` any more: the last of its exit sources closes the loop.
///
/// libsystemd has a function of this name: call it `::sd_event_loop` in a scope that names this class, and do not write
/// `using namespace interloop` where `sd_event_loop` is to be found without a qualifier.
///
/// Its sources have `SD_EVENT_PRIORITY_NORMAL`.
/// Thread safety: create it in the thread that runs the `sd_event`, or before any thread does. sd-event itself is not
/// safe for threads, and does not detect misuse.
/// Errors: `usage_error` if the `sd_event` is null, has been exited, or belongs to the process that this one was forked
/// from, or if no descriptors are left.
class sd_event_loop : public loop_owner {
 public:
  /// On an `sd_event` of its own, not the thread's default one, which `loop::run` runs.
  sd_event_loop();
  explicit sd_event_loop(sd_event* native);
};

/// Selects an `sd_event` for the process. Selecting the same one again has no effect. Errors: `usage_error` if another
/// loop is selected.
loop& use_sd_event(sd_event* native);

/// Whether the selected loop is an sd-event one.
[[nodiscard]] bool using_sd_event() noexcept;

}  // namespace interloop
