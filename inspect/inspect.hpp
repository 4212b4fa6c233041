// SPDX-License-Identifier: MIT
// What is pending in a target: all loops of all copies of the library there.
#pragma once

#include <interloop/call_graph.hpp>

#include "target.hpp"

namespace interloop::inspect {

/// Reads it; again, a few times, where a loop was changing meanwhile. Errors: `problem` if there is no interloop in it, or
/// one of a version that this does not know.
[[nodiscard]] wait_graph look_into(target& in);

}  // namespace interloop::inspect
