// SPDX-License-Identifier: MIT
// All of a future's state except its value, its callbacks and its references, in one word.
//
// The word is loaded and stored as a whole: several questions are then one test, several changes are one store, and no
// load has to wait for the stores of parts of what it reads.
#pragma once

#include <cstddef>
#include <cstdint>

namespace interloop::detail {

enum class status : unsigned char { pending, value, failed, taken };

class state_word {
 public:
  // Flags. Below them are the kind of block, the status, and how many bytes of inline continuations there are.

  /// Continuations wait to be run. The canceller is not counted.
  static constexpr std::uint32_t waited = 1U << 21;
  /// More than one of them.
  static constexpr std::uint32_t several = 1U << 22;
  /// The only continuation is a `resumption`, stored inline.
  static constexpr std::uint32_t resumes = 1U << 23;
  /// There are continuations that are not stored inline.
  static constexpr std::uint32_t overflows = 1U << 24;
  /// A dispatch is in the ready queue.
  static constexpr std::uint32_t queued = 1U << 25;
  /// The inline continuations are being visited.
  static constexpr std::uint32_t dispatching = 1U << 26;
  /// The first continuation is a canceller.
  static constexpr std::uint32_t has_canceller = 1U << 27;
  /// A coroutine's frame or a driver follows; only it may complete the future.
  static constexpr std::uint32_t is_coroutine = 1U << 28;
  /// There is a value to destroy.
  static constexpr std::uint32_t has_value = 1U << 29;
  /// The only continuation is being run; the dispatch holds a reference.
  static constexpr std::uint32_t lone_dispatch = 1U << 30;
  /// Somebody was given the failure.
  static constexpr std::uint32_t observed = 1U << 31;

  /// \param block  the kind of block that the future lies in, up to `last_block`.
  explicit constexpr state_word(unsigned char block) noexcept : bits_(std::uint32_t{block} << block_at) {}

  /// How many bytes of inline continuations there are.
  [[nodiscard]] std::size_t used() const noexcept { return bits_ & used_mask; }
  [[nodiscard]] detail::status status() const noexcept {
    return static_cast<detail::status>((bits_ & status_mask) >> status_at);
  }
  [[nodiscard]] bool is_pending() const noexcept { return (bits_ & status_mask) == 0; }
  [[nodiscard]] bool is_value() const noexcept { return (bits_ & status_mask) == value_status; }
  /// Whether there is a value, and there are no continuations.
  [[nodiscard]] bool has_value_only() const noexcept {
    return (bits_ & (status_mask | used_mask | overflows)) == value_status;
  }
  [[nodiscard]] unsigned char block() const noexcept { return (bits_ >> block_at) & last_block; }
  /// Whether any of these flags is set.
  [[nodiscard]] bool any(std::uint32_t flags) const noexcept { return (bits_ & flags) != 0; }
  [[nodiscard]] bool has_continuations() const noexcept { return (bits_ & (used_mask | overflows)) != 0; }
  [[nodiscard]] bool waited_by_one() const noexcept { return (bits_ & (waited | several)) == waited; }
  /// Whether it failed, and nobody was given the failure.
  [[nodiscard]] bool failed_unobserved() const noexcept { return (bits_ & (status_mask | observed)) == failed_status; }

  void set(std::uint32_t flags) noexcept { bits_ |= flags; }
  void clear(std::uint32_t flags) noexcept { bits_ &= ~flags; }
  void set_status(detail::status now) noexcept {
    bits_ = (bits_ & ~status_mask) | static_cast<std::uint32_t>(now) << status_at;
  }
  /// Whether it is pending, and nothing waits or is stored.
  [[nodiscard]] bool is_untouched() const noexcept {
    return (bits_ & (used_mask | status_mask | waited | overflows | dispatching)) == 0;
  }
  /// The only continuation was stored: a `resumption`.
  void resumption_stored() noexcept { bits_ |= resumption_bytes | waited | resumes; }
  /// The only continuation is no longer there.
  void forget_resumption() noexcept { bits_ &= ~(resumption_bytes | waited | resumes); }
  /// Another continuation, of that size, was stored inline.
  void stored(std::size_t bytes) noexcept { bits_ = (bits_ & ~resumes) + static_cast<std::uint32_t>(bytes); }
  /// A continuation was stored elsewhere.
  void overflowed() noexcept { bits_ = (bits_ & ~resumes) | overflows; }
  /// One more continuation waits to be run.
  void count_one() noexcept { bits_ |= waited | (bits_ & waited) << 1; }
  /// The queued dispatch begins to visit the inline continuations, if nobody does so already. Returns whether these are
  /// all.
  [[nodiscard]] bool dispatch_begins() noexcept {
    const std::uint32_t alone = waited_by_one() ? lone_dispatch : 0;
    bits_ = (bits_ & ~(queued | waited | several | resumes)) | alone;
    if (any(overflows | dispatching)) return false;
    bits_ |= dispatching;
    return true;
  }
  /// There are no inline continuations any more.
  void forget_inline() noexcept { bits_ &= ~(used_mask | resumes | dispatching | has_canceller); }

  static constexpr unsigned char last_block = 31;
  static constexpr std::uint32_t resumption_bytes = 2 * sizeof(void*);
  // For readers of memory: bytes of the word that tell something by not being 0.
  static constexpr std::size_t used_byte = 0;
  static constexpr std::size_t status_byte = 1;

 private:
  static constexpr std::uint32_t used_mask = 0xff;
  static constexpr std::uint32_t status_mask = 0xff00;
  static constexpr unsigned status_at = 8;
  static constexpr std::uint32_t value_status = static_cast<std::uint32_t>(detail::status::value) << status_at;
  static constexpr std::uint32_t failed_status = static_cast<std::uint32_t>(detail::status::failed) << status_at;
  static constexpr unsigned block_at = 16;

  std::uint32_t bits_;
};

}  // namespace interloop::detail
