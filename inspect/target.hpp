// SPDX-License-Identifier: MIT
// What is looked into: a running process, or a core file. Its memory, and the files that are mapped there.
#pragma once

#include <interloop/detail/graph_reader.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace interloop::inspect {

/// Something that the user has to be told: what happened, and what to do.
class problem : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A file of which a part is mapped.
struct mapping {
  std::uint64_t begin;
  std::uint64_t end;
  std::uint64_t offset;  // in the file
  std::string path;      // as the process sees it
};

class target : public detail::readable_memory {
 public:
  /// Mapped files, in the order of addresses.
  [[nodiscard]] const std::vector<mapping>& mappings() const noexcept { return mappings_; }
  /// What to call it: "process 12 (server)".
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  /// Where to open a mapped file.
  [[nodiscard]] virtual std::string to_open(const std::string& path) const = 0;
  /// From now on reads see what the memory has then, not what was read before.
  virtual void look_again() {}
  /// Whether the memory may change meanwhile.
  [[nodiscard]] virtual bool lives() const { return false; }
  /// The time now on the clock that loops use, if that is known.
  [[nodiscard]] virtual std::optional<std::int64_t> now() const { return std::nullopt; }

 protected:
  std::vector<mapping> mappings_;
  std::string name_;
};

}  // namespace interloop::inspect
