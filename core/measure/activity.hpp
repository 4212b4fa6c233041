// SPDX-License-Identifier: MIT
// What a loop called, so that it can be named later: nothing in it refers to what has been destroyed since.
#pragma once

#include <bit>
#include <cstdint>
#include <source_location>
#include <string>

namespace interloop::measure {

struct activity {
  enum class kind : unsigned char { none, callback, future, coroutine, waiter, posted, timer, watch };

  kind what = kind::none;
  int number = 0;              // of a watch: the descriptor
  const void* code = nullptr;  // a function that is named after the callable; a coroutine's own
  /// Where it was made; its line is 0 if that is not known.
  std::source_location where{};
};

[[nodiscard]] inline bool same_place(std::source_location a, std::source_location b) noexcept {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}
/// Whether both have the same place, as far as it can be told.
[[nodiscard]] inline bool same_place(const activity& a, const activity& b) noexcept {
  return a.code == b.code && a.what == b.what && a.number == b.number && same_place(a.where, b.where);
}

/// "timer main()::<lambda()> (main.cpp:12)", "coroutine fetch(int) (client.cpp:31)". Functions are found by their symbols,
/// in tens of milliseconds for the first of a module, microseconds later. Any thread. Errors: `std::bad_alloc`.
[[nodiscard]] std::string text_of(const activity& what);

}  // namespace interloop::measure
