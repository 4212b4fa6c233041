// SPDX-License-Identifier: MIT
// interloop on poll(2): an example of an adapter.
#pragma once

#include <interloop/loop_owner.hpp>
#include <interloop/time.hpp>

namespace interloop {

class loop;

/// A loop that waits in `poll`. `run()` of its `loop` ends when nothing is pending.
/// Thread safety: as `loop`. Errors: `usage_error` if no descriptor is left.
class poll_loop : public loop_owner {
 public:
  poll_loop();

  /// Waits once, for at most that long, and handles what is ready. Returns at once if the loop is closed. Allowed
  /// inside a callback. Errors: `error` if `poll` fails.
  void step(duration at_most);
};

/// Selects a new loop of this kind for the process. Selecting it again has no effect. Errors: `usage_error` if another
/// loop is selected.
loop& use_poll();

/// Whether the selected loop is one of these.
[[nodiscard]] bool using_poll() noexcept;

}  // namespace interloop
