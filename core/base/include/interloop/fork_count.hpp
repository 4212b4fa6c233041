// SPDX-License-Identifier: MIT
// Tells whether this process is still the one in which something was made.
#pragma once

namespace interloop {

/// How many forks lie between the start of the first process and this one. Any thread.
[[nodiscard]] unsigned fork_count() noexcept;

}  // namespace interloop
