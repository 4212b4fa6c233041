// SPDX-License-Identifier: MIT
// interloop on libuv. Names no libuv header: the native type is only declared.
#pragma once

#include <interloop/loop_owner.hpp>

extern "C" {
typedef struct uv_loop_s uv_loop_t;
}

namespace interloop {

/// A loop on a `uv_loop_t`, which the caller initialises, runs (`uv_run`) and closes. The handles that interloop adds
/// do not keep `uv_run` going unless something is pending; the first one makes one iteration in any case.
///
/// Destroying or closing it starts `uv_close` on those handles; run the `uv_loop_t` once more before `uv_loop_close`,
/// which otherwise returns `UV_EBUSY`. If it never runs again, their memory (a few hundred bytes) is leaked.
/// Thread safety: create it in the thread that runs the `uv_loop_t`, or before any thread does.
/// Errors: `usage_error` if the loop is null or its handles cannot be made.
class libuv_loop : public loop_owner {
 public:
  /// On a `uv_loop_t` of its own, which `loop::run` runs. Errors: `usage_error` if libuv cannot make one.
  libuv_loop();
  explicit libuv_loop(uv_loop_t* native);
};

/// Selects a `uv_loop_t` for the process; it must outlive the selection (see `close()`). Selecting the same one again
/// has no effect. Errors: `usage_error` if another loop is selected.
loop& use_libuv(uv_loop_t* native);

/// Whether the selected loop is a libuv one.
[[nodiscard]] bool using_libuv() noexcept;

}  // namespace interloop
