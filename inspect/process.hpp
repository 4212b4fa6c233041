// SPDX-License-Identifier: MIT
// The memory of a running process, which goes on running.
#pragma once

#include "target.hpp"

#include <sys/types.h>

#include <unordered_map>
#include <vector>

namespace interloop::inspect {

class process final : public target {
 public:
  /// Errors: `problem` if there is no such process, or the kernel does not allow it.
  explicit process(::pid_t pid);

  [[nodiscard]] bool read(std::uint64_t address, void* into, std::size_t bytes) override;
  [[nodiscard]] std::string to_open(const std::string& path) const override;
  void look_again() override { pieces_.clear(); }
  [[nodiscard]] bool lives() const override { return true; }
  [[nodiscard]] std::optional<std::int64_t> now() const override;

 private:
  static constexpr std::size_t page = 4096;
  static constexpr std::size_t pages = 16;  // that are read at once
  struct piece {
    unsigned tried = 0;  // a bit for each page
    unsigned there = 0;
    std::vector<unsigned char> bytes;
  };

  std::size_t fetch(std::uint64_t address, void* into, std::size_t bytes);
  [[nodiscard]] const unsigned char* page_at(std::uint64_t address);
  void read_mappings();

  ::pid_t pid_;
  ::pid_t thread_;  // one that is alive: the main thread may have ended
  std::unordered_map<std::uint64_t, piece> pieces_;
};

}  // namespace interloop::inspect
