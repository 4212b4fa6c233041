// SPDX-License-Identifier: MIT
// Something that happens, and that coroutines of one loop wait for. Carries no value: that is what a future is for.
#pragma once

#include <interloop/detail/waiter.hpp>
#include <interloop/error.hpp>
#include <interloop/future.hpp>
#include <interloop/loop.hpp>

#include <cstddef>
#include <source_location>

namespace interloop {

class event;

namespace detail {

/// The awaiter of `event::wait`.
class event_waiter final : public waiter {
 public:
  static constexpr const char* name = "event::wait";

  event_waiter(event& of, promise_core& who, std::source_location where) noexcept
      : waiter(waiter_operations<event_waiter>::table, who, where), of_(of) {}
  ~event_waiter();

  [[nodiscard]] bool await_ready() noexcept;
  void await_suspend(std::coroutine_handle<>);
  void await_resume() {
    resumed();
    if (stage_ != stage::served) [[unlikely]]
      throw_outcome();
  }
  void cancel_wait(const failure& cancelled) noexcept;

 private:
  event& of_;
};

}  // namespace detail

/// What `event::wait` returns. Nothing happens until it is awaited or becomes a future; use it at once.
class [[nodiscard]] event_wait {
 public:
  /// For callbacks, `gather` and the like. One allocation. Cancelling it ends the wait.
  [[nodiscard]] future<void> as_future() const;
  operator future<void>() const { return as_future(); }

  [[nodiscard]] detail::event_waiter await_in(detail::promise_core& who, std::source_location where) const noexcept {
    return {*of_, who, where};
  }

 private:
  friend class event;
  explicit event_wait(event& of) noexcept : of_(&of) {}

  event* of_;
};

/// Is set or not. Setting it releases everyone who waits, in the order they came.
///
/// If it is destroyed while coroutines wait, they get `broken_promise`, in a later turn. If its loop closes, coroutines
/// that wait end with `loop_closed`. It may outlive the loop. No allocation.
/// Thread safety: the loop's thread only. From other threads, `post` a function that sets it.
/// Source: `asyncio.Event`, without trio's rule that an event happens only once.
class event {
 public:
  explicit event(loop& core) noexcept : line_(core) { detail::loop_access::retain(core); }
  event(const event&) = delete;
  event& operator=(const event&) = delete;
  ~event() {
    line_.wake_all(detail::waiter::stage::dropped);
    detail::loop_access::release(line_.core());
  }

  /// `co_await e.wait()`: does not suspend if it is set. A coroutine that waits is released by the next `set`, even if
  /// `reset` follows before its turn.
  /// Errors: `cancelled_error`, `broken_promise`, `loop_closed`.
  event_wait wait() {
    detail::loop_access::check_thread(line_.core(), "event::wait");
    return event_wait(*this);
  }

  /// Everyone who waits runs in a later turn. Idempotent.
  void set() {
    detail::loop_access::check_thread(line_.core(), "event::set");
    set_ = true;
    line_.wake_all(detail::waiter::stage::served);
  }
  /// Those who come from now on wait for the next `set`. Idempotent.
  void reset() {
    detail::loop_access::check_thread(line_.core(), "event::reset");
    set_ = false;
  }
  [[nodiscard]] bool is_set() const noexcept { return set_; }
  /// How many wait. Takes time in proportion.
  [[nodiscard]] std::size_t waiting() const noexcept { return line_.size(); }

 private:
  friend class event_wait;
  friend class detail::event_waiter;

  detail::waiting_line line_;
  bool set_ = false;
};

inline future<void> event_wait::as_future() const { return detail::future_of<void>(of_->line_.core(), *this); }

namespace detail {

inline event_waiter::~event_waiter() {
  if (stage_ == stage::waiting) of_.line_.remove(*this);
}
inline bool event_waiter::await_ready() noexcept {
  if (requested()) [[unlikely]]
    return true;
  if (!of_.set_) return false;
  stage_ = stage::served;
  return true;
}
inline void event_waiter::await_suspend(std::coroutine_handle<>) { wait_in(of_.line_); }
inline void event_waiter::cancel_wait(const failure& cancelled) noexcept {
  keep_request(cancelled);
  if (at() == stage::waiting) {
    of_.line_.remove(*this);
    wake(stage::cancelled);
  } else {
    change(stage::cancelled);
  }
}

}  // namespace detail
}  // namespace interloop
