// SPDX-License-Identifier: MIT
// How to get from a function to its caller: what the compiler's unwinding tables (.eh_frame) say about one address.
#pragma once

#include <cstdint>

namespace interloop::stack {

/// The rule at a return address on x86-64, in one word, so that a table of rules needs no lock.
///
/// The canonical frame address (CFA) is the stack pointer's value in the caller: `base + cfa_offset()`, the base being
/// the function's stack pointer or its rbp. The return address lies below it, and rbp at `CFA + bp_offset()` if that
/// was saved.
class frame_rule {
 public:
  enum class kind : unsigned {
    unknown,  ///< something rarer, which the runtime's unwinder handles (an expression, a signal's frame)
    end,      ///< there is no caller
    usual,    ///< as above
  };

  frame_rule() noexcept = default;
  explicit frame_rule(kind what) noexcept : bits_(static_cast<std::uint64_t>(what)) {}
  /// \param bp_offset  a negative multiple of 8; 0 if rbp was not saved.
  frame_rule(bool from_bp, std::int32_t cfa_offset, std::int32_t bp_offset) noexcept
      : bits_(static_cast<std::uint64_t>(kind::usual) | (from_bp ? 4U : 0U) |
              static_cast<std::uint64_t>(static_cast<std::uint32_t>(-bp_offset / 8) & 0xffffffU) << 8U |
              static_cast<std::uint64_t>(static_cast<std::uint32_t>(cfa_offset)) << 32U) {}
  static frame_rule of_bits(std::uint64_t bits) noexcept {
    frame_rule made;
    made.bits_ = bits;
    return made;
  }

  [[nodiscard]] kind what() const noexcept { return static_cast<kind>(bits_ & 3U); }
  [[nodiscard]] bool from_bp() const noexcept { return (bits_ & 4U) != 0; }
  [[nodiscard]] std::int32_t cfa_offset() const noexcept { return static_cast<std::int32_t>(bits_ >> 32U); }
  [[nodiscard]] std::int32_t bp_offset() const noexcept {
    return -8 * static_cast<std::int32_t>((bits_ >> 8U) & 0xffffffU);
  }
  [[nodiscard]] std::uint64_t bits() const noexcept { return bits_; }

 private:
  std::uint64_t bits_ = 0;
};

/// Reads the rule at a return address from the tables of the program or library that contains it. Takes the dynamic
/// linker's lock and about a microsecond. Any thread; allocates nothing.
[[nodiscard]] frame_rule find_frame_rule(std::uintptr_t return_address) noexcept;

}  // namespace interloop::stack
