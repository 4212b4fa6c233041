// SPDX-License-Identifier: MIT
// A handle to one scheduled call.
#pragma once

#include <interloop/time.hpp>

#include <chrono>
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

  /// Moves the call to `now() + delay`, unless it has run, is running, or was cancelled. For a later time,
  /// as in idle timeouts, that is a store, however many timers there are; the native loop is woken once at the old time.
  /// Among timers with equal deadlines it keeps its place: that of when it was made.
  /// \param delay  as for `loop::call_later`.
  /// \return whether there was something to move.
  /// Errors: `std::bad_alloc`, only for an earlier time; the timer is then as it was.
  /// Source: Twisted's `IDelayedCall.reset`, libev's `ev_timer_again`.
  template <class Rep, class Period>
  bool restart(std::chrono::duration<Rep, Period> delay) {
    return restart_in(to_duration(delay));
  }
  /// The same to a point in time.
  /// \param when  as for `loop::call_at`.
  bool restart_at(time_point when);

  /// Whether the call is still to come.
  [[nodiscard]] bool active() const noexcept;

 private:
  friend class loop;
  timer(loop& core, detail::timer_node* node, std::uint64_t sequence) noexcept;

  bool restart_in(duration delay);

  loop* core_ = nullptr;
  detail::timer_node* node_ = nullptr;
  std::uint64_t sequence_ = 0;
};

}  // namespace interloop
