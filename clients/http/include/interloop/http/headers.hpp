// SPDX-License-Identifier: MIT
// The headers of a request or a response.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace interloop::http {

/// One header line.
struct header {
  std::string name;
  std::string value;

  friend bool operator==(const header&, const header&) = default;
};

/// Header lines in their order. Names are compared without regard to case, and may repeat. A value.
///
/// What a name and a value may contain is checked when a request is sent. Looking a name up takes time in proportion to
/// the number of lines.
/// Thread safety: like a `std::vector`.
class header_list {
 public:
  header_list() noexcept = default;
  header_list(std::initializer_list<header> lines) : lines_(lines) {}

  /// Appends a line, even if there are others of this name.
  void add(std::string name, std::string value) {
    header& line = lines_.emplace_back();
    line.name = std::move(name);
    line.value = std::move(value);
  }

  /// Has room for that many lines.
  void reserve(std::size_t lines) { lines_.reserve(lines); }

  /// Removes all lines of this name, then appends this one.
  void set(std::string name, std::string value);

  /// Removes all lines of this name. Returns their number.
  std::size_t remove(std::string_view name);

  /// The first value of this name, or null. Valid until the list changes.
  [[nodiscard]] const std::string* find(std::string_view name) const noexcept;

  /// The values of all lines of this name, in their order. Valid until the list changes.
  [[nodiscard]] std::vector<std::string_view> all(std::string_view name) const;

  [[nodiscard]] bool contains(std::string_view name) const noexcept { return find(name) != nullptr; }
  [[nodiscard]] bool empty() const noexcept { return lines_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return lines_.size(); }
  [[nodiscard]] auto begin() const noexcept { return lines_.begin(); }
  [[nodiscard]] auto end() const noexcept { return lines_.end(); }

  friend bool operator==(const header_list&, const header_list&) = default;

 private:
  std::vector<header> lines_;
};

}  // namespace interloop::http
