// SPDX-License-Identifier: MIT
// Whether this process is still the one in which something was made. Row 0.
#pragma once

namespace interloop::detail {

/// How many forks led from the process's start to here. Any thread.
[[nodiscard]] unsigned fork_count() noexcept;

}  // namespace interloop::detail
