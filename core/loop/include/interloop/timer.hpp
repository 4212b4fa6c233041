// SPDX-License-Identifier: MIT
// A handle to one scheduled call.
#pragma once

#include <cstdint>

namespace interloop {

class loop;
namespace detail {
struct timer_node;
}

/// What `call_later` and `call_at` return. Dropping it does not cancel the call. Copies refer to the same call.
///
/// Thread safety: the loop's thread only. May outlive the call, the closing of the loop, and the loop.
/// Source: `asyncio.TimerHandle`, Twisted `IDelayedCall`; unlike the latter, cancelling twice or too late is allowed.
class timer {
 public:
  timer() noexcept = default;
  timer(const timer& other) noexcept;
  timer(timer&& other) noexcept;
  timer& operator=(timer other) noexcept;
  ~timer();

  /// Prevents the call and destroys its callable, unless it has run, is running, or was cancelled. O(1). Returns
  /// whether there was something to cancel.
  bool cancel() noexcept;

  /// Whether the call is still to come.
  [[nodiscard]] bool active() const noexcept;

 private:
  friend class loop;
  timer(loop& core, detail::timer_node* node, std::uint64_t sequence) noexcept;

  loop* core_ = nullptr;
  detail::timer_node* node_ = nullptr;
  std::uint64_t sequence_ = 0;
};

}  // namespace interloop
