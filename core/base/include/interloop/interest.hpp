// SPDX-License-Identifier: MIT
// Directions of a descriptor's readiness.
#pragma once

namespace interloop {

/// Directions of readiness. Errors and hang-ups are reported as readiness of every watched direction: the next read or
/// write tells which. Spurious readiness is allowed, so descriptors should be non-blocking.
enum class interest : unsigned char { none = 0, read = 1, write = 2, read_write = 3 };

[[nodiscard]] constexpr interest operator|(interest a, interest b) noexcept {
  return static_cast<interest>(static_cast<unsigned char>(a) | static_cast<unsigned char>(b));
}
[[nodiscard]] constexpr interest operator&(interest a, interest b) noexcept {
  return static_cast<interest>(static_cast<unsigned char>(a) & static_cast<unsigned char>(b));
}
/// Whether `set` contains all directions of `wanted`.
[[nodiscard]] constexpr bool has(interest set, interest wanted) noexcept { return (set & wanted) == wanted; }

}  // namespace interloop
