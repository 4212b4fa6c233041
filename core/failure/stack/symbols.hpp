// SPDX-License-Identifier: MIT
// Functions, files and lines of addresses, looked up on demand.
#pragma once

#include <interloop/throw_traces.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace interloop::stack {

/// Reads debug information: appends the frames of a return address, innermost first. Returns false, and appends
/// nothing, if no loaded file contains the address. One thread at a time. With `reload`, first checks which files are
/// loaded now, because some were loaded or unloaded.
using debug_information = bool (*)(std::vector<stack_frame>& frames, std::uintptr_t address, bool reload);

/// The frames of return addresses, innermost first; functions are named by their symbols. Uses `read`, which also knows
/// inlined functions and must be the same in all calls, or without it the modules' symbol tables. Any thread; callers
/// wait for each other. Errors: `std::bad_alloc`.
[[nodiscard]] std::vector<stack_frame> symbols(std::span<const std::uintptr_t> addresses, debug_information read);

/// The function that begins at `code`, by the modules' symbol tables; empty if it has no symbol. Otherwise as `symbols`.
[[nodiscard]] std::string function_at(const void* code);

}  // namespace interloop::stack
