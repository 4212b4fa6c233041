// SPDX-License-Identifier: MIT
// For native loops that end the process if they cannot get the descriptors that they need.
#pragma once

#include <string_view>

namespace interloop::detail {

/// Checks whether `count` descriptors can be opened. Errors: `usage_error`, whose message begins with `what` cannot be
/// done.
void require_descriptors(int count, std::string_view what);

}  // namespace interloop::detail
