// SPDX-License-Identifier: MIT
// Walks the stack, fast: return addresses only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace interloop::stack {

/// How many addresses are worth keeping, the innermost.
inline constexpr std::size_t most_addresses = 128;

/// Stores the return addresses of the stack, beginning with that of the function whose frame is given, and returns how many.
/// \param frame  that function's own `__builtin_frame_address(0)`.
/// Any thread; allocates nothing. Addresses that were seen before cost a few nanoseconds each, others a microsecond.
///
/// What was seen stays in mind: who calls this is to call one of the two below where code may have been unloaded.
std::size_t capture(const void* frame, std::span<std::uintptr_t> room) noexcept;

/// The same by the runtime's own unwinder, `_Unwind_Backtrace`, about 0.1 microseconds an address. What `capture` does
/// where it has to; callable by itself for comparison.
std::size_t capture_slowly(const void* frame, std::span<std::uintptr_t> room) noexcept;

/// To be called when code is unloaded: other code may come to lie at its addresses.
void forget_rules() noexcept;

/// Does so if code was unloaded since this was called last, by asking the dynamic linker: some 30 nanoseconds and its lock.
void forget_rules_of_the_unloaded() noexcept;

/// How often rules were forgotten.
[[nodiscard]] std::uint64_t count_unloaded() noexcept;

}  // namespace interloop::stack
