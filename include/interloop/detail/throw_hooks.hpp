// SPDX-License-Identifier: MIT
// How the target `throw_traces`, where it is linked, gives the core what it has. Row 0.
#pragma once

#include <interloop/throw_traces.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <vector>

namespace interloop::detail {

struct throw_hooks {
  /// Copies the addresses of the exception object at `thrown` to `room`, innermost first, and returns how many there are.
  std::size_t (*addresses)(const void* thrown, std::span<std::uintptr_t> room) noexcept;
  /// One or more frames for each address, innermost first, functions named as their symbols are.
  std::vector<stack_frame> (*symbols)(std::span<const std::uintptr_t> addresses);
};

/// How many addresses are noted at most.
inline constexpr std::size_t most_throw_addresses = 128;

/// Called once, before `main`, by the target. `hooks` live for ever.
void set_throw_hooks(const throw_hooks& hooks) noexcept;

/// What a reader needs of an exception's frames, innermost first: a line each, `file:line in function`. Without those
/// inside interloop and the standard library's plumbing, and without the native loop that called it all.
[[nodiscard]] std::vector<std::string> throw_lines(const std::exception_ptr& exception);

}  // namespace interloop::detail
