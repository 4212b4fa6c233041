// SPDX-License-Identifier: MIT
// Walks the stack fast, collecting only return addresses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace interloop::stack {

/// How many addresses are kept at most, beginning with the innermost.
inline constexpr std::size_t most_addresses = 128;

/// Stores the return addresses of the stack, beginning with that of the function whose frame is given, and returns
/// their number.
/// \param frame  that function's own `__builtin_frame_address(0)`.
/// Any thread; allocates nothing. Addresses that were seen before cost a few nanoseconds each, others a microsecond.
///
/// Rules are cached: if code may have been unloaded, the caller must call one of the two functions below.
std::size_t capture(const void* frame, std::span<std::uintptr_t> room) noexcept;

/// The same by the runtime's own unwinder, `_Unwind_Backtrace`, in about 0.1 microseconds per address. `capture` falls
/// back to this if it has to; public for comparison.
std::size_t capture_slowly(const void* frame, std::span<std::uintptr_t> room) noexcept;

/// To be called when code is unloaded: other code may come to lie at its addresses.
void forget_rules() noexcept;

/// Does so if code was unloaded since the last call of this. Asks the dynamic linker, which costs some 30 nanoseconds
/// and its lock.
void forget_rules_of_the_unloaded() noexcept;

/// How often rules were forgotten.
[[nodiscard]] std::uint64_t count_unloaded() noexcept;

}  // namespace interloop::stack
