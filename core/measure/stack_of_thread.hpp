// SPDX-License-Identifier: MIT
// The native stack of another thread of this process, which a signal makes it write down.
#pragma once

#include <cstdint>
#include <vector>

namespace interloop::measure {

/// Gives the signal a handler, unless this did so before. Any thread. Errors: `usage_error` if the signal has another
/// handler, is ignored, or cannot have one.
void prepare_stacks(int signal);

/// The return addresses of a thread, innermost first; empty if it did not answer within half a second. Any thread, one
/// at a time: others wait. Errors: `std::bad_alloc`.
/// \param thread  its kernel's number.
[[nodiscard]] std::vector<std::uintptr_t> stack_of_thread(int thread, int signal);

}  // namespace interloop::measure
