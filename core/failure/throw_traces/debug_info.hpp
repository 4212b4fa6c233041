// SPDX-License-Identifier: MIT
// What the files of the program and its libraries say about an address. Built if libdw is found.
#pragma once

#include <interloop/throw_traces.hpp>

#include <cstdint>
#include <vector>

namespace interloop::throw_traces {

/// Appends the frames of a return address, innermost first. Returns false, and appends nothing, if no loaded file
/// contains the address. One thread at a time. With `reload`, first checks which files are loaded now, because some
/// were loaded or unloaded.
bool append_by_debug_info(std::vector<stack_frame>& frames, std::uintptr_t address, bool reload);

}  // namespace interloop::throw_traces
