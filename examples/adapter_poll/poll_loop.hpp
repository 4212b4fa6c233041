// SPDX-License-Identifier: MIT
// interloop on poll(2): an example of an adapter.
#pragma once

#include <interloop/loop.hpp>

/// A loop that waits in `poll`. `run()` of its `loop` ends when nothing is pending.
/// Thread safety: as `interloop::loop`. Errors: `usage_error` if no descriptor is left.
class poll_loop : public interloop::loop_owner {
 public:
  poll_loop();

  /// Waits once, not longer than that, and serves what is ready. Returns at once if the loop is closed. Allowed inside
  /// a callback. Errors: `interloop::error` if `poll` fails.
  void step(interloop::duration at_most);
};
