// SPDX-License-Identifier: MIT
// What ELF files in a process's memory tell: where the library's tables are, and what code is called.
#pragma once

#include "core/failure/stack/mapped_file.hpp"
#include "target.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace interloop::inspect {

using stack::mapped_file;

/// The addresses of the tables of all copies of the library in there, by their notes.
[[nodiscard]] std::vector<std::uint64_t> find_tables(target& in);

/// Names of code, from the files' symbol tables.
class code_names {
 public:
  explicit code_names(const target& of) : target_(of) {}

  /// The function at this address, demangled; "file+0x1a2b" in a file without symbols; empty if no file is there.
  [[nodiscard]] std::string at(std::uint64_t address);

 private:
  struct symbol {
    std::uint64_t begin;
    std::uint64_t bytes;
    std::uint64_t name;  // an offset in the file
  };
  struct symbol_file {
    mapped_file file;
    std::vector<symbol> symbols;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> loads;  // file offset, address
  };

  [[nodiscard]] const symbol_file& symbols_of(const std::string& path);

  const target& target_;
  std::map<std::string, symbol_file> files_;
};

}  // namespace interloop::inspect
