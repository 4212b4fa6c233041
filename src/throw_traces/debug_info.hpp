// SPDX-License-Identifier: MIT
// What the files of the program and its libraries tell of an address. Built where libdw is found.
#pragma once

#include <interloop/throw_traces.hpp>

#include <cstdint>
#include <vector>

namespace interloop::throw_traces {

/// Appends the frames of a return address, innermost first. False, with nothing appended, where no loaded file has the
/// address. One thread at a time.
/// \param reload  look at what is loaded now, as something was loaded or unloaded.
bool append_by_debug_info(std::vector<stack_frame>& frames, std::uintptr_t address, bool reload);

}  // namespace interloop::throw_traces
