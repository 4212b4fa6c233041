// SPDX-License-Identifier: MIT
// A file in memory, read with bounds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>

namespace interloop::stack {

class mapped_file {
 public:
  mapped_file() noexcept = default;
  /// Empty if it cannot be opened or is not a regular file.
  explicit mapped_file(const std::string& path);
  mapped_file(mapped_file&& other) noexcept
      : bytes_(std::exchange(other.bytes_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  mapped_file& operator=(mapped_file&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~mapped_file();

  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] const unsigned char* at(std::uint64_t offset, std::uint64_t bytes) const noexcept {
    return offset <= size_ && bytes <= size_ - offset ? bytes_ + offset : nullptr;
  }
  template <class T>
  [[nodiscard]] bool get(std::uint64_t offset, T& value) const noexcept {
    const unsigned char* const from = at(offset, sizeof(T));
    if (from) std::memcpy(&value, from, sizeof(T));
    return from != nullptr;
  }
  /// `count` objects at `offset`; empty if the file is too short, or they are not aligned there.
  template <class T>
  [[nodiscard]] std::span<const T> objects(std::uint64_t offset, std::uint64_t count) const noexcept {
    if (offset > size_ || offset % alignof(T) != 0 || count > (size_ - offset) / sizeof(T)) return {};
    return {reinterpret_cast<const T*>(bytes_ + offset), static_cast<std::size_t>(count)};
  }
  /// A string that ends with a zero; empty if there is none.
  [[nodiscard]] const char* text(std::uint64_t offset) const noexcept {
    if (offset >= size_ || !std::memchr(bytes_ + offset, 0, static_cast<std::size_t>(size_ - offset))) return "";
    return reinterpret_cast<const char*>(bytes_ + offset);
  }

 private:
  const unsigned char* bytes_ = nullptr;
  std::uint64_t size_ = 0;
};

}  // namespace interloop::stack
