// SPDX-License-Identifier: MIT
// Functions, files and lines of addresses, looked up when somebody wants to read them.
#pragma once

#include <interloop/throw_traces.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace interloop::throw_traces {

/// The frames of return addresses, innermost first, those of inlined functions included, functions as their symbols are.
/// Any thread; callers wait for each other. Errors: `std::bad_alloc`.
[[nodiscard]] std::vector<stack_frame> symbols(std::span<const std::uintptr_t> addresses);

}  // namespace interloop::throw_traces
