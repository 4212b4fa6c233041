// SPDX-License-Identifier: MIT
// What both replacements of `__cxa_throw` do.
#pragma once

#include "records.hpp"

namespace interloop::throw_traces {

/// Records where an exception is being thrown.
/// \param frame  the `__builtin_frame_address(0)` of the function that replaces `__cxa_throw`.
/// \return       the destructor to use for the object. Any thread; throws nothing.
[[nodiscard]] destructor thrown(void* object, destructor own, const void* frame) noexcept;

}  // namespace interloop::throw_traces
