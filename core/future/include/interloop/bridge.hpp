// SPDX-License-Identifier: MIT
// Connects futures with another library's counterparts: for the edge of a loop, bindings and C libraries.
//
// An operation that comes in is a `promise`, made where the operation starts and settled where it ends. A future that
// goes out is observed: `observe` reports its outcome in every case, so that the other side's object is always
// completed. Cancelling goes both ways: a promise's canceller asks the incoming operation to stop, and
// `observation::cancel` cancels the outgoing future; `outcome::cancelled` and `promise::cancelled` report it.
//
// Which parts to use:
//
//     C callback    c_callback.hpp, both ways; in:  the callback's `void*` is `promise::release()`, or that of a
//                   `remote_promise`, which has its own header; the callback takes it back by `adopt`
//     Asio          in:  the completion handler owns the promise; the canceller emits the cancellation signal
//                   out: the observer owns the completion handler; its cancellation slot holds the observation
//     QFuture       in:  the continuations share a promise; the canceller calls `QFuture::cancel`
//                   out: the observer owns the QPromise; a watcher's `canceled` holds the observation
//     GTask         in:  the callback's user_data is `promise::release()`; the canceller cancels the GCancellable
//                   out: the observer owns a reference to the GTask; "cancelled" holds the observation
//     Python        python.hpp, which converts futures to awaitables and back
//
// Thread safety: the loop's thread only, moves and destruction included. All of it may outlive the loop.
#pragma once

#include <interloop/detail/observing.hpp>
#include <interloop/future.hpp>

#include <optional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

namespace interloop {

/// The end of a future that completes it, once. For an operation outside interloop, which may end too late: after the
/// future was cancelled or its loop was closed. So the functions that settle return whether they did, and do not throw
/// if it was too late.
///
/// If it is destroyed unsettled, the future can no longer be completed: it fails with `broken_promise`, which its
/// errbacks and waiters get, unless nobody else has a handle or a callback. No allocation besides the future's own.
/// Source: `std::promise`, which throws where this returns false.
template <class T>
class promise {
 public:
  /// Without a future. Settling it returns false.
  promise() noexcept = default;

  /// Of a pending future of `core`. Errors: `loop_closed`, `std::bad_alloc`.
  /// \param where  where the future was created, for tracebacks.
  explicit promise(loop& core, std::source_location where = std::source_location::current())
      : future_(detail::make_future<T>(core, where)) {}

  /// The same with a canceller, which `cancel(future)` calls in the loop's thread, with the future or with nothing: it
  /// asks the operation to stop, and may settle. If it does not, the future fails with `cancelled_error` at once,
  /// whatever the operation does later. It is destroyed when the future is settled.
  template <class Canceller>
    requires detail::canceller_of<T, Canceller>
  promise(loop& core, Canceller&& canceller, std::source_location where = std::source_location::current())
      : promise(core, where) {
    detail::add_canceller(future_, std::forward<Canceller>(canceller));
  }

  promise(promise&&) noexcept = default;
  promise& operator=(promise other) noexcept {
    std::swap(future_, other.future_);
    return *this;
  }
  ~promise() {
    if (future_) detail::break_promise(detail::future_access::state(future_));
  }

  /// A handle to the future, any number of times. Empty if this is.
  [[nodiscard]] future<T> get_future() const noexcept { return future_; }

  /// Whether settling still has an effect: false once the future is settled, cancelled or its loop closed.
  [[nodiscard]] bool pending() const { return future_ && !is_called(future_); }

  /// Completes the future with a value. \return false if it is too late; `value` is then left as it is.
  /// Errors: an exception from the value's constructor passes through, and the future stays pending.
  template <class... Value>
    requires(std::is_void_v<T> ? sizeof...(Value) == 0
                               : sizeof...(Value) == 1 && std::is_constructible_v<detail::stored<T>, Value...>)
  bool resolve(Value&&... value) {
    if (!pending()) return false;
    interloop::resolve(future_, std::forward<Value>(value)...);
    return true;
  }

  /// Fails the future: with a `failure`, an exception object, a `std::exception_ptr` or, without one, the exception
  /// being handled. \return false if it is too late.
  template <class Exception>
    requires(!std::is_same_v<std::remove_cvref_t<Exception>, std::source_location>)
  bool reject(Exception&& why, std::source_location where = std::source_location::current()) {
    if (!pending()) return false;
    interloop::reject(future_, std::forward<Exception>(why), where);
    return true;
  }
  bool reject(std::source_location where = std::source_location::current()) {
    if (!pending()) return false;
    interloop::reject(future_, where);
    return true;
  }

  /// The operation was cancelled from outside: the future fails with `cancelled_error(message)`, which is not reported
  /// if nobody looks at it. The canceller is not called. \return false if it is too late.
  bool cancelled(std::string message = "the operation was cancelled",
                 std::source_location where = std::source_location::current()) {
    if (!reject(cancelled_error(message), where)) return false;
    detail::future_access::state(future_).mark_observed();
    return true;
  }

  /// Gives this away as a pointer, to be taken back once by `adopt`. Null if this is empty.
  [[nodiscard]] void* release() noexcept {
    return future_ ? &detail::future_access::release(std::move(future_)) : nullptr;
  }
  [[nodiscard]] static promise adopt(void* released) noexcept {
    promise back;
    using state = detail::future_state<T>;
    back.future_ =
        detail::future_access::wrap<T>({typename detail::state_ptr<state>::adopt{}, static_cast<state*>(released)});
    return back;
  }

 private:
  future<T> future_;
};

/// How a future ended; the argument of an observer. Valid during that call.
template <class T>
class outcome {
 public:
  [[nodiscard]] bool has_value() const noexcept { return state_.status() == detail::status::value; }

  /// The value where it is, or moved out; copied instead if it can be copied and others need it. Errors: throws the
  /// failure's exception, if there is a failure, which then counts as looked at; what the copy throws.
  decltype(auto) value() const {
    if constexpr (std::is_void_v<T>) {
      static_cast<void>(state_.require_value());
    } else {
      return static_cast<const T&>(state_.require_value());
    }
  }
  T take() {
    if constexpr (std::is_void_v<T>) {
      static_cast<void>(state_.require_value());
    } else {
      return state_.take_value(0);
    }
  }

  /// The failure, or null if there is a value. It does not count as looked at: unless somebody else looks, it is
  /// reported. If the value was taken before, by another callback, it is `invalid_state`.
  [[nodiscard]] const failure* peek_failure() {
    if (state_.status() == detail::status::failed) return &state_.get_failure();
    if (!has_value() && !taken_) taken_ = detail::taken_failure();
    return taken_ ? &*taken_ : nullptr;
  }
  /// The same, for an observer that passes it on: it counts as looked at, and is not reported.
  [[nodiscard]] const failure* take_failure() {
    if (state_.status() == detail::status::failed) state_.mark_observed();
    return peek_failure();
  }

  /// Whether it was cancelled: whether the failure is a `cancelled_error`.
  [[nodiscard]] bool cancelled() const {
    return state_.status() == detail::status::failed && state_.get_failure().template is<cancelled_error>();
  }
  /// Whether the loop is being closed, so that nothing of it can be used. Without a value, the failure is
  /// `loop_closed`, or what came just before.
  [[nodiscard]] bool closing() const noexcept { return state_.loop().closed(); }

 private:
  template <class, class>
  friend struct detail::observer;
  explicit outcome(detail::future_state<T>& state) noexcept : state_(state) {}

  detail::future_state<T>& state_;
  std::optional<failure> taken_;
};

/// The result of `observe`: cancels the observed future. Does not keep it alive; destroying this changes nothing.
class observation {
 public:
  observation() noexcept = default;
  observation(observation&& other) noexcept { take_over(other); }
  observation& operator=(observation&& other) noexcept {
    detach();
    take_over(other);
    return *this;
  }
  ~observation() { detach(); }

  /// Whether the observer has not been called yet.
  explicit operator bool() const noexcept { return of_ != nullptr; }

  /// Cancels the future, as `interloop::cancel` does. The observer is called in a later turn, when the future is
  /// completed: a coroutine may take its time, or ignore the request.
  /// \return false if the future was already completed, or the observer called; nothing happens then.
  bool cancel(std::string message = "the operation was cancelled",
              std::source_location where = std::source_location::current());

 private:
  template <class T, class Observer>
  friend observation observe(const future<T>& f, Observer&& observer);
  observation(detail::future_core& state, detail::observed& of) noexcept : state_(&state), of_(&of) {
    of.handle = &of_;
  }
  void take_over(observation& other) noexcept {
    state_ = other.state_;
    of_ = std::exchange(other.of_, nullptr);
    if (of_) of_->handle = &of_;
  }
  void detach() noexcept {
    if (of_) std::exchange(of_, nullptr)->handle = nullptr;
  }

  detail::future_core* state_ = nullptr;
  detail::observed* of_ = nullptr;  // sets this to null before it is destroyed
};

/// Calls `observer(outcome)` once, in the loop's thread, in each of these cases:
///
/// - it is completed, or was already: in a later turn, in order with the future's callbacks;
/// - it can no longer be completed, because the last handle was dropped: the same, with `broken_promise`. The observer
///   does not count as able to complete it;
/// - the loop closes first: inside `close`, with `loop_closed`, or with an outcome that was not reported yet. The
///   observer must then not use the loop: see `outcome::closing`.
///
/// \param observer  called with `outcome<T>&`, in place, and then destroyed in the loop's thread. What it throws goes to
///                  the exception handler. It may not be a coroutine, because the outcome is gone when the call ends.
/// \return          for cancelling; may be dropped.
/// One allocation at most: none if the observer captures a pointer, and is the first to be added to the future.
/// Errors: `loop_closed`, `usage_error` for an empty handle, `std::bad_alloc`; the observer is then not called.
/// Source: `add_callbacks`; a callback is not called in the latter two cases.
template <class T, class Observer>
observation observe(const future<T>& f, Observer&& observer) {
  using kept = std::decay_t<Observer>;
  static_assert(std::is_invocable_v<kept&, outcome<T>&>,
                "interloop: the observer cannot be called with an interloop::outcome<T>&");
  static_assert(!detail::returns_future<kept&, outcome<T>&>(),
                "interloop: an observer that is a coroutine would outlive the outcome; call one from it instead");
  detail::require_quiet_destructors<kept>();
  auto& state = detail::future_access::state(f);
  detail::loop_access::require_open(state.loop(), "observe");
  auto& added = state.template add<detail::observer<T, kept>>(std::forward<Observer>(observer));
  added.counted = state.retain_for_waiter();
  return observation(state, added);
}

}  // namespace interloop
