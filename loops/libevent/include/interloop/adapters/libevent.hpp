// SPDX-License-Identifier: MIT
// interloop on libevent. Names no libevent header: the native type is only declared.
#pragma once

#include <interloop/loop_owner.hpp>

extern "C" {
struct event_base;
}

namespace interloop {

/// A loop on an `event_base`, which the caller makes, runs (`event_base_dispatch`) and frees. The events that interloop
/// adds do not keep it running unless something is pending; until the first turn, they do. The base need not be made
/// for threads (`evthread_use_pthreads`).
///
/// Destroy or close it before `event_base_free`.
/// Thread safety: create it in the thread that runs the base, or before any thread does.
/// Errors: `usage_error` if the base is null, its events cannot be added, no descriptor is left, or libevent's functions
/// are another library's in this process: libev, too, exports `event_add` and others, and must be linked after libevent.
class libevent_loop : public loop_owner {
 public:
  /// On an `event_base` of its own, which `loop::run` runs. Errors: `usage_error` if libevent cannot make one.
  libevent_loop();
  explicit libevent_loop(event_base* native);
};

/// Selects an `event_base` for the process; it must outlive the selection (see `close()`). Selecting the same one again
/// has no effect. Errors: `usage_error` if another loop is selected.
loop& use_libevent(event_base* native);

/// Whether the selected loop is a libevent one.
[[nodiscard]] bool using_libevent() noexcept;

}  // namespace interloop
