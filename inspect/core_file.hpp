// SPDX-License-Identifier: MIT
// The memory in a core file, completed from the files that were mapped: cores omit pages that were not changed.
#pragma once

#include "core/failure/stack/mapped_file.hpp"
#include "target.hpp"

#include <map>
#include <string>
#include <vector>

namespace interloop::inspect {

using stack::mapped_file;

class core_file final : public target {
 public:
  /// \param program  what the core is of, if that is not where it was when the core was made; may be empty.
  /// Errors: `problem` if it is no core file of a 64-bit process of this machine's kind.
  core_file(const std::string& path, std::string program);

  [[nodiscard]] bool read(std::uint64_t address, void* into, std::size_t bytes) override;
  [[nodiscard]] std::string to_open(const std::string& path) const override;

 private:
  struct segment {
    std::uint64_t begin;
    std::uint64_t bytes;  // that are in the core
    std::uint64_t offset;
  };

  void read_notes(std::uint64_t offset, std::uint64_t bytes);
  [[nodiscard]] const mapped_file& opened(const std::string& path);

  mapped_file core_;
  std::string program_;
  std::string executable_;  // the path of the program in the core
  std::vector<segment> segments_;
  std::map<std::string, mapped_file> files_;
};

}  // namespace interloop::inspect
