// SPDX-License-Identifier: MIT
// Bytes that wait to be sent: appended at the end, taken from the front.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace interloop::streams {

class bytes {
 public:
  [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
  [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }
  [[nodiscard]] std::string_view view() const noexcept { return {data_.get() + begin_, end_ - begin_}; }

  /// Room for `count` bytes at the end; `commit` says how many were written there.
  [[nodiscard]] char* room(std::size_t count) {
    if (capacity_ - end_ < count) [[unlikely]]
      grow(count);
    return data_.get() + end_;
  }
  void commit(std::size_t count) noexcept { end_ += count; }
  void append(std::string_view text) {
    char* const at = room(text.size());
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    commit(text.size());
  }

  /// Takes the last bytes back.
  void shorten_to(std::size_t size) noexcept { end_ = begin_ + size; }
  void consume(std::size_t count) noexcept {
    begin_ += count;
    if (begin_ != end_) return;
    if (capacity_ > most_kept) {
      clear();
    } else {
      begin_ = end_ = 0;
    }
  }
  void clear() noexcept {
    data_.reset();
    begin_ = end_ = capacity_ = 0;
  }

 private:
  static constexpr std::size_t most_kept = std::size_t{1} << 20;

  void grow(std::size_t count) {
    const std::size_t used = size();
    std::size_t wanted = capacity_ < 4096 ? 4096 : capacity_;
    while (wanted - used < count) wanted *= 2;
    std::unique_ptr<char[]> fresh(new char[wanted]);
    if (used) std::memcpy(fresh.get(), data_.get() + begin_, used);
    data_ = std::move(fresh);
    capacity_ = wanted;
    begin_ = 0;
    end_ = used;
  }

  std::unique_ptr<char[]> data_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace interloop::streams
