// SPDX-License-Identifier: MIT
// The result of an operation in a loop's thread, for the threads that wait for it.
#pragma once

#include <interloop/detail/eventual_slot.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace interloop {

namespace detail {

/// Result of `eventual_result<T>::wait`: a copy, or a reference to the stored value if its type cannot be copied.
template <class T>
using waited =
    std::conditional_t<std::is_void_v<T> || std::is_copy_constructible_v<T>, T, std::add_lvalue_reference_t<const T>>;

std::uint64_t stash_slot(state_ptr<slot_base> what, const std::type_info& type);
state_ptr<slot_base> unstash_slot(std::uint64_t uid, const std::type_info& type);
/// \param why  what the operation waits for, as `slot_base::ask_why` says it.
[[noreturn]] void throw_timeout(duration allowed, const char* next, const std::string& why = {});
[[noreturn]] void throw_interrupted(const char* next);
[[noreturn]] void throw_stop_requested();
[[noreturn]] void throw_stopped();

inline std::chrono::steady_clock::time_point deadline_of(duration timeout) noexcept {
  const auto now = std::chrono::steady_clock::now();
  if (timeout > (std::chrono::steady_clock::time_point::max)() - now)
    return (std::chrono::steady_clock::time_point::max)();
  return now + timeout;
}

}  // namespace detail

/// What `run_in_reactor` returns. Copies share the result. Dropping all of them does not stop the operation; a failure
/// that nobody has retrieved by then is reported to the loop's exception handler.
///
/// Thread safety: any thread, except that `wait` throws in the loop's own thread.
/// Source: `crochet.EventualResult`.
template <class T>
class eventual_result {
 public:
  /// Blocks until the operation is over and returns its value, the same to every caller, any number of times. A type
  /// that cannot be copied is returned by reference, valid while a copy of this exists.
  /// \param timeout  how long to wait.
  /// \param stop     waiting ends early, with `interrupted_error`, when it is requested; the operation continues.
  /// Errors: what the operation failed with, or `operation_cancelled`; `timeout_error` (the operation continues: wait
  /// again or `cancel`); `reactor_stopped` if the loop stopped first; `usage_error` in the loop's own thread, which would
  /// deadlock; `interrupted_error`, see `interrupt_wait`; `error` in a forked child, which has no loop thread.
  template <class Rep, class Period>
  detail::waited<T> wait(std::chrono::duration<Rep, Period> timeout, const std::stop_token& stop = {}) const {
    const duration allowed = to_duration(timeout);
    return wait_until(detail::deadline_of(allowed), stop, allowed);
  }
  /// The same until a point in time.
  detail::waited<T> wait(std::chrono::steady_clock::time_point deadline, const std::stop_token& stop = {}) const {
    return wait_until(deadline, stop, duration::zero());
  }
  /// The same without a limit.
  detail::waited<T> wait(const std::stop_token& stop = {}) const {
    return wait((std::chrono::steady_clock::time_point::max)(), stop);
  }

  /// Asks the loop to cancel the operation. It may be too late, and the operation may ignore it. Never blocks.
  void cancel() const { slot().request_cancel(); }

  /// The failure with its traceback, or nothing if there is none (yet). The failure then counts as retrieved. Never
  /// blocks.
  [[nodiscard]] std::optional<failure> original_failure() const {
    if (slot().state() != detail::outcome::failed) return std::nullopt;
    slot().mark_retrieved();
    return slot().get_failure();
  }

  /// Keeps the result in the process until `retrieve_result<T>(uid)`, once. A failure that is never retrieved is
  /// reported at exit.
  [[nodiscard]] std::uint64_t stash() const {
    static_cast<void>(slot());
    return detail::stash_slot(detail::state_ptr<detail::slot_base>(slot_.get()), typeid(T));
  }

  /// For code that makes results: run_in_reactor.hpp.
  explicit eventual_result(detail::state_ptr<detail::slot<T>> slot) noexcept : slot_(std::move(slot)) {}

 private:
  template <class F>
  friend class blocking_function;

  /// Waits once for a result that no one else holds, and moves it out. If the wait ends early, cancels the operation,
  /// since nobody else could. Not in the loop's own thread.
  T finish(duration timeout) && {
    const detail::wait_end end = slot().wait_until(detail::deadline_of(timeout), {});
    std::string why;
    if (end == detail::wait_end::late) why = slot().ask_why(timeout);
    if (end != detail::wait_end::opened && slot().state() == detail::outcome::pending) {
      slot().mark_retrieved();  // the caller has had an answer
      slot().request_cancel();
      if (end == detail::wait_end::interrupted) detail::throw_interrupted("the operation is being cancelled");
      detail::throw_timeout(timeout, "the operation is being cancelled", why);
    }
    if (slot().state() == detail::outcome::value) {
      if constexpr (!std::is_void_v<T>) return std::move(slot().value());
    } else {
      static_cast<void>(get());
      __builtin_unreachable();
    }
  }

  detail::slot<T>& slot() const {
    if (!slot_) detail::throw_usage("this eventual_result was moved from; use the one it was moved to");
    return *slot_;
  }

  detail::waited<T> get() const {
    switch (slot_->state()) {
      case detail::outcome::failed:
        slot_->mark_retrieved();
        slot_->get_failure().as_error().rethrow();
      case detail::outcome::stopped:
        detail::throw_stopped();
      default:
        if constexpr (!std::is_void_v<T>) return slot_->value();
    }
  }

  detail::waited<T> wait_until(std::chrono::steady_clock::time_point deadline, const std::stop_token& stop,
                               duration allowed) const {
    detail::slot_base::require_waitable(slot().remote());
    switch (slot().wait_until(deadline, stop)) {
      case detail::wait_end::stopped:
        detail::throw_stop_requested();
      case detail::wait_end::interrupted:
        detail::throw_interrupted("the operation continues");
      case detail::wait_end::late:
        if (const std::string why = slot().ask_why(allowed); slot().state() == detail::outcome::pending)
          detail::throw_timeout(allowed, "wait again, or cancel() the operation", why);
        break;
      case detail::wait_end::opened:
        break;
    }
    return get();
  }

  detail::state_ptr<detail::slot<T>> slot_;
};

/// The result that was stashed under `uid`, once. Any thread; if several ask, one gets it.
/// Errors: `usage_error` if the uid is unknown (never given, or retrieved already), or if the result is of another
/// type; it then stays stashed.
/// Source: `crochet.retrieve_result`.
template <class T>
[[nodiscard]] eventual_result<T> retrieve_result(std::uint64_t uid) {
  const auto found = detail::unstash_slot(uid, typeid(T));
  return eventual_result<T>(detail::state_ptr<detail::slot<T>>(static_cast<detail::slot<T>*>(found.get())));
}

/// If the calling thread is in a wait, makes that throw `interrupted_error`. For signal handlers: async-signal-safe. If
/// the handler does not call it, the wait continues.
void interrupt_wait() noexcept;

}  // namespace interloop
