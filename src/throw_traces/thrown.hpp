// SPDX-License-Identifier: MIT
// What both ways to stand before `__cxa_throw` do there.
#pragma once

#include "records.hpp"

namespace interloop::throw_traces {

/// Notes from where an exception is being thrown.
/// \param frame  the `__builtin_frame_address(0)` of the function that stands for `__cxa_throw`.
/// \return       what the object has to be destroyed by. Any thread; throws nothing.
[[nodiscard]] destructor thrown(void* object, destructor own, const void* frame) noexcept;

}  // namespace interloop::throw_traces
