// SPDX-License-Identifier: MIT
// Functions, files and lines of addresses, looked up when somebody wants to read them.
#pragma once

#include <interloop/throw_traces.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace interloop::stack {

/// What reads debug information: appends the frames of a return address, innermost first. False, with nothing appended,
/// where no loaded file has the address. One thread at a time.
/// \param reload  look at what is loaded now, as something was loaded or unloaded.
using debug_information = bool (*)(std::vector<stack_frame>& frames, std::uintptr_t address, bool reload);

/// The frames of return addresses, innermost first, functions as their symbols are. `read` is asked first, if there is
/// one, which knows inlined functions too, and is the same for all callers; otherwise the modules' symbol tables.
/// Any thread; callers wait for each other. Errors: `std::bad_alloc`.
[[nodiscard]] std::vector<stack_frame> symbols(std::span<const std::uintptr_t> addresses, debug_information read);

}  // namespace interloop::stack
