// SPDX-License-Identifier: MIT
// The program or library that an address lies in, and what its symbol tables call a function. No library is needed.
#pragma once

#include <cstdint>
#include <string>

namespace interloop::stack {

/// A file that is loaded.
struct loaded_file {
  std::string path;         ///< empty where no file has the address
  std::uintptr_t bias = 0;  ///< what addresses in memory are greater by than those in the file
};

/// The module that has the address. Any thread; takes the dynamic linker's lock. Errors: `std::bad_alloc`.
[[nodiscard]] loaded_file file_of(std::uintptr_t address);

/// The symbol of the function that has the address: of those that the dynamic linker knows, or else, if the module has not
/// been stripped, of all in its file, which is read for that. Empty if none has it. Any thread. Errors: `std::bad_alloc`.
[[nodiscard]] std::string symbol_of(std::uintptr_t address, const loaded_file& in);

}  // namespace interloop::stack
