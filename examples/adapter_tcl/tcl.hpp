// SPDX-License-Identifier: MIT
// interloop on Tcl's notifier: an example of an adapter, on a loop that belongs to a thread and has no object.
#pragma once

#include <interloop/loop_owner.hpp>

namespace example {

/// A loop on the notifier of the thread that makes it, which runs in `Tcl_DoOneEvent`: in `vwait`, `update` and Tk's
/// main loop. Call `Tcl_FindExecutable` first. Thread safety: make and destroy it in the same thread.
class tcl_loop : public interloop::loop_owner {
 public:
  tcl_loop();
};

}  // namespace example
