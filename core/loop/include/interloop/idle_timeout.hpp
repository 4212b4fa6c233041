// SPDX-License-Identifier: MIT
// A call that is put off again and again: the time limit for what must not fall silent.
#pragma once

#include <interloop/detail/loop_access.hpp>
#include <interloop/detail/state_ptr.hpp>
#include <interloop/loop.hpp>

#include <chrono>
#include <source_location>

namespace interloop {

namespace detail {
class idle_state;
}

/// Calls a function when it was not restarted for some time. Made for a connection that restarts it with each message:
/// as a member of what it watches over, it holds the time itself, so putting it off touches nothing else, however many
/// there are. (`timer::restart` changes the timer where the loop has it: a cache miss more.) At the time for which it was
/// filed the loop looks at it, and files it anew if it was put off since.
///
/// Active, it keeps a loop that ends when idle running, as a timer does. Can be moved, also while it is active, which does
/// not change what the function refers to (`this`, for instance); what was moved from can only be assigned to and destroyed.
/// Thread safety: the loop's thread only. May outlive the closing of the loop, and the loop.
/// Source: libev's `ev_timer_again`; Asio's `steady_timer`, which is a member, too.
class idle_timeout {
 public:
  /// Does not start it.
  /// \param on_idle  called in the loop's thread, each time that the time is over; it may restart, cancel and destroy this
  ///                 timeout. Destroyed with it, or when the loop closes while it is active. What it throws goes to the
  ///                 exception handler.
  /// \param where    is shown by what looks at the loop.
  /// Errors: `usage_error` if `on_idle` is empty; `std::bad_alloc`.
  idle_timeout(loop& core, function<void()> on_idle, std::source_location where = std::source_location::current());
  idle_timeout(idle_timeout&& other) noexcept;
  idle_timeout& operator=(idle_timeout&& other) noexcept;
  /// Cancels it.
  ~idle_timeout();

  /// From now on, the time is over at `now() + delay`; reads the loop's clock.
  /// \param delay  as for `loop::call_later`.
  /// Errors: as for `restart_at`.
  template <class Rep, class Period>
  void restart(std::chrono::duration<Rep, Period> delay) {
    restart_in(to_duration(delay));
  }

  /// From now on, the time is over at `when`. If it is active and `when` is not before the time for which it was filed, this
  /// is a store: nothing is allocated, and the native loop is not told. Among other calls for the same time its place is
  /// not defined.
  /// \param when  as for `loop::call_at`: `on_idle` is not called before.
  /// Errors: `loop_closed`; `usage_error` if it was moved from; `std::bad_alloc`, and then everything is as it was. Without
  /// memory for filing it anew later, the exception handler is told, and the timeout is not active any more.
  void restart_at(time_point when) {
    if (when < filed_for_ || when == never) return file(when);
    detail::loop_access::check_thread(*core_, "idle_timeout::restart_at");  // it is active, so there is a loop
    when_ = when;
  }

  /// Ends it until it is restarted. O(1). Returns whether it was active.
  bool cancel() noexcept;

  /// Whether `on_idle` is going to be called.
  [[nodiscard]] bool active() const noexcept;

 private:
  friend class detail::idle_state;
  static constexpr time_point never = (time_point::max)();

  void restart_in(duration delay);
  void file(time_point when);

  // What restarting needs is here, in half a cache line; the rest is in the state.
  time_point when_{};
  time_point filed_for_ = never;  // the loop looks then; `never` also while it is not active
  loop* core_;
  detail::state_ptr<detail::idle_state> state_;
};

}  // namespace interloop
