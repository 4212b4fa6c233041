// SPDX-License-Identifier: MIT
// Walks the stack, fast: return addresses only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace interloop::throw_traces {

/// Stores the return addresses of the stack, beginning with that of the function whose frame is given, and returns how many.
/// \param frame  that function's own `__builtin_frame_address(0)`.
/// Any thread; allocates nothing. Addresses that were seen before cost a few nanoseconds each, others a microsecond.
std::size_t capture(const void* frame, std::span<std::uintptr_t> room) noexcept;

/// The same by the runtime's own unwinder, `_Unwind_Backtrace`, about 0.1 microseconds an address. What `capture` does
/// where it has to; callable by itself for comparison.
std::size_t capture_slowly(const void* frame, std::span<std::uintptr_t> room) noexcept;

/// To be called when code is unloaded: other code may come to lie at its addresses.
void forget_rules() noexcept;
/// How often that was.
[[nodiscard]] std::uint64_t count_unloaded() noexcept;

}  // namespace interloop::throw_traces
