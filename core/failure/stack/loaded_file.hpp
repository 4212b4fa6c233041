// SPDX-License-Identifier: MIT
// The program or library that contains an address, and the names of functions in its symbol tables. Needs no library.
#pragma once

#include <cstdint>
#include <string>

namespace interloop::stack {

/// A file that is loaded.
struct loaded_file {
  std::string path;         ///< empty if no file contains the address
  std::uintptr_t bias = 0;  ///< how much greater addresses in memory are than those in the file
};

/// The module that contains the address. Any thread; takes the dynamic linker's lock. Errors: `std::bad_alloc`.
[[nodiscard]] loaded_file file_of(std::uintptr_t address);

/// The symbol of the function that contains the address: one that the dynamic linker knows, or otherwise, if the module
/// has not been stripped, one from its file, which is read for that. Empty if there is none. Any thread. Errors:
/// `std::bad_alloc`.
[[nodiscard]] std::string symbol_of(std::uintptr_t address, const loaded_file& in);

}  // namespace interloop::stack
