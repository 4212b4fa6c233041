// SPDX-License-Identifier: MIT
// The kernel's number of this thread, which signals and traces use.
#pragma once

namespace interloop::measure {

/// Costs a system call the first time, and after a fork.
[[nodiscard]] int this_thread() noexcept;

}  // namespace interloop::measure
