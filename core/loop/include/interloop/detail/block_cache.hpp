// SPDX-License-Identifier: MIT
// Memory for futures and coroutines, kept for the next ones of about the same size.
//
// A loop's futures live and die in one thread, so taking a block off a list can replace malloc and free, which cost as
// much as everything else about a future. The cache is bounded. Where a tool looks for misuse of memory (checked
// builds, AddressSanitizer), nothing is cached, so that the tool sees each block being freed.
//
// Thread safety: none; the loop's thread only.
#pragma once

#include <interloop/detail/checked.hpp>

#include <cstddef>
#include <new>
#include <utility>

namespace interloop::detail {

class block_cache {
 public:
  /// Kinds are numbers up to this one.
  static constexpr std::size_t kinds = 16;

  block_cache() noexcept = default;
  block_cache(const block_cache&) = delete;
  block_cache& operator=(const block_cache&) = delete;
  ~block_cache() {
    for (unused*& list : lists_)
      while (list) ::operator delete(std::exchange(list, list->next));
  }

  /// Returns a block of at least that many bytes, aligned as by operator new. `kind` is for `give_back`.
  [[nodiscard]] void* take(std::size_t bytes, unsigned char& kind) {
    if (!keeps || bytes > unit * kinds) {
      kind = 0;
      return ::operator new(bytes);
    }
    kind = static_cast<unsigned char>((bytes + unit - 1) / unit);
    unused*& list = lists_[kind - 1];
    if (!list) return ::operator new(kind * unit);
    kept_ -= kind * unit;
    return std::exchange(list, list->next);
  }

  void give_back(void* block, unsigned char kind) noexcept {
    if (kind == 0 || kept_ >= most_kept) {
      ::operator delete(block);
      return;
    }
    kept_ += kind * unit;
    unused*& list = lists_[kind - 1];
    list = ::new (block) unused{list};
  }

 private:
  struct unused {
    unused* next;
  };

#if INTERLOOP_CHECKED || defined(__SANITIZE_ADDRESS__)
  static constexpr bool keeps = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
  static constexpr bool keeps = false;
#else
  static constexpr bool keeps = true;
#endif
#else
  static constexpr bool keeps = true;
#endif
  static constexpr std::size_t unit = 32;
  static constexpr std::size_t most_kept = std::size_t{1024} * 1024;

  std::size_t kept_ = 0;
  unused* lists_[kinds] = {};
};

}  // namespace interloop::detail
