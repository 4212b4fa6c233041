// SPDX-License-Identifier: MIT
// For ports on native loops that end the process if they cannot get the descriptors that they need.
#pragma once

#include <string_view>

namespace interloop {

/// Checks whether `count` descriptors can be opened.
/// Errors: `usage_error`; its message begins with `what`, which says what cannot be made or done.
void require_descriptors(int count, std::string_view what);

}  // namespace interloop
