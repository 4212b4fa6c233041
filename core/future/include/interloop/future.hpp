// SPDX-License-Identifier: MIT
// A value that comes later, its callbacks, and how it is completed.
#pragma once

#include <interloop/detail/future_state.hpp>
#include <interloop/detail/invoke.hpp>
#include <interloop/detail/keep.hpp>
#include <interloop/detail/loop_access.hpp>
#include <interloop/result.hpp>

#include <concepts>
#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>

namespace interloop {

namespace detail {
struct future_access;
}

/// A handle to a value of type `T` (or nothing, for `void`) that comes later, or to the failure that comes instead.
///
/// Copies refer to the same future; through any of them one may add callbacks, complete it, cancel it or look at it. It
/// is completed once, by `resolve`, `reject` or `cancel`; a future that a coroutine returned is completed by the
/// coroutine alone. Every callback gets the same value; what a callback returns is ignored: there is no chaining.
///
/// Dropping the last handle of a pending future destroys its callbacks without calling them. If a coroutine, a `gather`
/// or a blocked thread waits for it, it fails with `broken_promise` instead, because nobody can complete it any more. A
/// failure that nobody looked at (no errback, no `co_await`, no `get_failure`) is given to the loop's exception handler
/// when the last handle is destroyed.
///
/// Thread safety: the loop's thread only, copies and destruction included. May outlive the loop.
/// Source: asyncio `Future`, Twisted `Deferred`, as far as `txaio` lets code rely on them.
template <class T>
class future {
  static_assert(std::is_void_v<T> || (std::is_object_v<T> && std::is_move_constructible_v<T> && !std::is_array_v<T>),
                "interloop: future<T> needs a movable object type, or void");
  static_assert(!std::is_same_v<std::remove_cv_t<T>, failure> && !is_future_v<T>,
                "interloop: a future of a failure or of a future would be ambiguous; use its value type");

 public:
  using value_type = T;

  /// An empty handle, which can only be assigned to. Everything except `operator bool` throws `usage_error` on it.
  future() noexcept = default;

  /// Whether the handle refers to a future.
  explicit operator bool() const noexcept { return static_cast<bool>(state_); }

  /// The value. Errors: `invalid_state` if there is none yet or it was taken; throws the exception of a failed future.
  decltype(auto) value() const {
    if constexpr (std::is_void_v<T>) {
      static_cast<void>(seen("value").require_value());
    } else {
      return static_cast<const T&>(seen("value").require_value());
    }
  }

  /// Moves the value out; copies it instead if it can be copied and other handles exist. Errors: as `value()`.
  T take() const {
    if constexpr (std::is_void_v<T>) {
      static_cast<void>(seen("take").require_value());
    } else {
      return seen("take").take_value(1);
    }
  }

  /// The failure, or null if there is none (yet). Valid while a handle exists. The failure then counts as looked at.
  [[nodiscard]] const failure* get_failure() const {
    auto& mine = seen("get_failure");
    if (mine.status() != detail::status::failed) return nullptr;
    mine.mark_observed();
    return &mine.get_failure();
  }

  /// The loop that the future belongs to.
  [[nodiscard]] interloop::loop& loop() const { return state().loop(); }

  friend bool operator==(const future& a, const future& b) noexcept { return a.state_.get() == b.state_.get(); }

 private:
  friend struct detail::future_access;
  explicit future(detail::state_ptr<detail::future_state<T>> state) noexcept : state_(std::move(state)) {}

  detail::future_state<T>& state() const {
    if (!state_)
      detail::throw_usage("this future is empty (default-constructed or moved from); assign a future to it first");
    return *state_;
  }
  /// For functions that only look.
  detail::future_state<T>& seen(const char* function) const {
    auto& mine = state();
    detail::loop_access::check_reader(mine.loop(), function);
    return mine;
  }

  detail::state_ptr<detail::future_state<T>> state_;
};

namespace detail {

struct future_access {
  template <class T>
  static future<T> wrap(state_ptr<future_state<T>> state) noexcept {
    return future<T>(std::move(state));
  }
  template <class T>
  static future_state<T>& state(const future<T>& f) {
    return f.state();
  }
  template <class T>
  static future_state<T>& seen(const future<T>& f, const char* function) {
    return f.seen(function);
  }
  /// Takes a handle over: the caller must release the state.
  template <class T>
  static future_state<T>& release(future<T>&& f) {
    static_cast<void>(f.state());
    return *f.state_.release();
  }
  /// For code that is about to complete the future.
  template <class T>
  static future_state<T>& completable(const future<T>& f, const char* function) {
    future_state<T>& state = f.state();
    loop_access::check_thread(state.loop(), function);
    if (!state.is_pending() || state.is_coroutine()) [[unlikely]]
      throw_not_completable(state, function);
    return state;
  }
  [[noreturn]] static void throw_not_completable(const future_core& state, const char* function);
};

/// A future held by a waiter, which has added a continuation and may cancel the future, but cannot complete it.
template <class T>
class awaited {
 public:
  awaited() noexcept = default;
  explicit awaited(const future<T>& f) : state_(&future_access::state(f)), counted_(state_->retain_for_waiter()) {}
  awaited(awaited&& other) noexcept : state_(std::exchange(other.state_, nullptr)), counted_(other.counted_) {}
  awaited& operator=(awaited&& other) noexcept {
    std::swap(state_, other.state_);
    std::swap(counted_, other.counted_);
    return *this;
  }
  ~awaited() {
    if (state_) state_->release_for_waiter(counted_);
  }

  explicit operator bool() const noexcept { return state_ != nullptr; }
  [[nodiscard]] future_state<T>& state() const noexcept { return *state_; }
  /// A handle.
  [[nodiscard]] future<T> get() const noexcept { return future_access::wrap<T>(state_ptr<future_state<T>>(state_)); }

 private:
  future_state<T>* state_ = nullptr;  // first, see way_to_futures
  bool counted_ = false;
};

/// For readers of memory: how many `awaited` there are in a tuple or vector of them. Those in a tuple lie side by side, in
/// one order or the other.
template <class Futures>
constexpr look_edge way_to_futures() {
  using one = awaited<int>;
  if constexpr (requires { std::tuple_size<Futures>::value; }) {
    constexpr std::size_t count = std::tuple_size<Futures>::value;
    static_assert(sizeof(Futures) == (count == 0 ? sizeof(Futures) : count * sizeof(one)));
    return {.form = look_edge::array, .count = static_cast<std::uint32_t>(count), .stride = sizeof(one)};
  } else {
    return {.form = look_edge::vector, .stride = sizeof(one)};
  }
}

/// A pending future, even of a closed loop.
template <class T>
future<T> make_future_unchecked(loop& core, std::source_location where) {
  unsigned char kind;
  void* block = future_state<T>::allocate(core, kind);
  auto* state = ::new (block) future_state<T>(core, where, kind);
  return future_access::wrap<T>({typename state_ptr<future_state<T>>::adopt{}, state});
}

/// A pending future of this loop. Errors: `loop_closed`, `wrong_thread`.
template <class T>
future<T> make_future(loop& core, std::source_location where) {
  loop_access::require_open(core, "create_future");
  return make_future_unchecked<T>(core, where);
}

/// Keeps `What`, which coroutines may refer to, until the future is completed or its loop has closed.
template <class What>
struct keeper final : continuation {
  What what;
  explicit keeper(const What& kept) noexcept : continuation{&code_of}, what(kept) {}

  static void code_of(continuation& base, future_core& core, visit how, std::size_t& size) {
    size = sizeof(keeper);
    if (how == visit::cancel) return;
    auto& self = static_cast<keeper&>(base);
    What what = std::move(self.what);
    self.~keeper();
    if (how == visit::destroy) loop_access::destroy_last(core.loop(), std::move(what));
  }
};

/// If there is no memory for that, `what` is leaked rather than destroyed too early.
template <class T, class What>
void keep_until_completed(const future<T>& f, What what) noexcept {
  if (!f) return;
  future_state<T>& state = future_access::state(f);
  if (!state.is_pending()) return;
  try {
    state.template add_bystander<keeper<What>>(what);
  } catch (const std::bad_alloc&) {
    static_cast<void>(what.release());
  }
}

template <class F>
inline constexpr bool is_absent = std::is_same_v<std::remove_cvref_t<F>, std::nullptr_t>;

/// Stands for an absent callback among those that a future keeps: unlike nullptr_t, it takes no room. `Nth` tells two
/// apart.
template <int Nth>
struct absent {
  absent(std::nullptr_t) noexcept {}
};
template <class F, int Nth>
using kept = std::conditional_t<is_absent<F>, absent<Nth>, F>;

/// How a callback takes the value: by reference to the shared one, or by taking it over.
template <class T, class F>
inline constexpr bool shares_value = std::is_invocable_v<F&, const T&>;
template <class F>
inline constexpr bool shares_value<void, F> = std::is_invocable_v<F&>;
template <class T, class F>
inline constexpr bool takes_value = !shares_value<T, F> && std::is_invocable_v<F&, T&&>;
template <class F>
inline constexpr bool takes_value<void, F> = false;

template <class F>
[[nodiscard]] bool is_empty(const F& callable) {
  if constexpr (is_absent<F>) {
    return true;
  } else if constexpr (std::is_pointer_v<F> || std::is_member_pointer_v<F>) {
    return callable == nullptr;
  } else if constexpr (
      requires {
        typename F::result_type;
        static_cast<bool>(callable);
      } ||
      requires(F f) {
        f = nullptr;
        static_cast<bool>(callable);
      }) {
    return !static_cast<bool>(callable);
  } else {
    return false;
  }
}

template <class F>
[[nodiscard]] bool is_empty(const kept_callable<F>& kept) {
  return detail::is_empty(kept.callable());
}

/// How a callback that gets the value is kept.
template <class T, class F>
struct kept_callback : std::type_identity<keeping<F, std::conditional_t<shares_value<T, F>, const T&, T&&>>> {};
template <class F>
struct kept_callback<void, F> : std::type_identity<keeping<F>> {};

/// Calls a callback. Its arguments stay alive as long as a coroutine may refer to them.
template <class F, class... Args>
void call_back(future_core& core, F& fn, Args&&... args) {
  if constexpr (returns_future<F&, Args...>()) {
    const auto made = detail::invoke(fn, std::forward<Args>(args)...);
    keep_until_completed(made, state_ptr<future_core>(&core));
  } else {
    detail::invoke(fn, std::forward<Args>(args)...);
  }
}

/// The continuation that `add_callbacks` adds to the future.
template <class T, class Callback, class Errback>
struct callbacks final : continuation {
  [[no_unique_address]] kept<Callback, 0> callback;
  [[no_unique_address]] kept<Errback, 1> errback;

  template <class C, class E>
  callbacks(C&& c, E&& e) : continuation{&code_of}, callback(std::forward<C>(c)), errback(std::forward<E>(e)) {}

  static void code_of(continuation& base, future_core& core, visit how, std::size_t& size) {
    size = sizeof(callbacks);
    if (how == visit::cancel) return;
    auto& self = static_cast<callbacks&>(base);
    struct destroyer {
      callbacks& self;
      ~destroyer() { self.~callbacks(); }
    } guard{self};
    auto& state = static_cast<future_state<T>&>(core);
    if (how == visit::destroy && !(loop_access::notifies(core.loop()) && state.status() == status::failed)) return;
    if (state.status() == status::failed) {
      if constexpr (!is_absent<Errback>) {
        if (is_empty(self.errback)) return;
        state.mark_observed();
        call_back(core, self.errback, state.get_failure());
      }
    } else if constexpr (!is_absent<Callback>) {
      if (is_empty(self.callback)) return;
      if constexpr (std::is_void_v<T>) {
        call_back(core, self.callback);
      } else if constexpr (takes_value<T, Callback>) {
        call_back(core, self.callback, state.take_value(0));
      } else {
        call_back(core, self.callback, static_cast<const T&>(state.require_value()));
      }
    }
  }
};

template <class T, class F>
struct canceller final : continuation {
  F fn;

  template <class G>
  explicit canceller(G&& g) : continuation{&code_of}, fn(std::forward<G>(g)) {}

  static void code_of(continuation& base, future_core& core, visit how, std::size_t& size) {
    size = sizeof(canceller);
    auto& self = static_cast<canceller&>(base);
    if (how != visit::cancel) {
      self.~canceller();
      return;
    }
    const future<T> handle = future_access::wrap<T>(state_ptr<future_state<T>>(&static_cast<future_state<T>&>(core)));
    F fn(std::move(self.fn));  // it may close the loop or run it nested, which destroys the continuation
    if constexpr (std::is_invocable_v<F&, const future<T>&>) {
      detail::invoke(fn, handle);
    } else {
      detail::invoke(fn);
    }
  }
};

/// A canceller takes the future, or nothing.
template <class T, class F>
concept canceller_of = std::is_invocable_v<std::decay_t<F>&, const future<T>&> || std::is_invocable_v<std::decay_t<F>&>;

template <class T, class F>
void add_canceller(const future<T>& f, F&& fn) {
  using callee = std::decay_t<F>;
  using kept = std::conditional_t<std::is_invocable_v<callee&>, keeping<callee>, keeping<callee, const future<T>&>>;
  require_quiet_destructors<callee>();
  auto& state = future_access::state(f);
  state.template add<canceller<T, kept>>(std::forward<F>(fn));
  state.mark_canceller();
}

/// The type of future that `as_future` and `run_in_reactor` return for a function's return type.
template <class R>
struct as_future_of {
  using type = future<std::decay_t<R>>;
};
template <>
struct as_future_of<void> {
  using type = future<void>;
};
template <class T>
struct as_future_of<future<T>> {
  using type = future<T>;
};

template <class T>
void fail(const future<T>& f, const failure& why, const char* function) {
  auto& state = future_access::completable(f, function);
  state.set_failure(why);
  state.complete(status::failed);
}

}  // namespace detail

/// Whether a value is a future, of any type.
template <class T>
[[nodiscard]] constexpr bool is_future(const T&) noexcept {
  return is_future_v<T>;
}

/// Whether the future is completed: resolved, rejected or cancelled. Its callbacks may still be waiting for their turn.
template <class T>
[[nodiscard]] bool is_called(const future<T>& f) {
  return !detail::future_access::seen(f, "is_called").is_pending();
}

/// Completes the future with a value. The callbacks run in a later turn, in the order they were added.
/// \param value  what constructs the value; nothing for `future<void>`.
/// Errors: `invalid_state` if it is completed already or belongs to a coroutine. An exception from the value's
/// constructor passes through, and the future stays pending.
/// Source: `txaio.resolve`.
template <class T, class... Value>
  requires(std::is_void_v<T> ? sizeof...(Value) == 0
                             : sizeof...(Value) == 1 && std::is_constructible_v<detail::stored<T>, Value...>)
void resolve(const future<T>& f, Value&&... value) {
  auto& state = detail::future_access::completable(f, "resolve");
  state.set_value(std::forward<Value>(value)...);
  state.complete(detail::status::value);
}

/// Completes the future with the exception being handled. Errors: `usage_error` outside of a `catch` block; as
/// `resolve`.
template <class T>
void reject(const future<T>& f, std::source_location where = std::source_location::current()) {
  detail::fail(f, failure(where), "reject");
}

/// Completes the future with a failure, an exception object, or a `std::exception_ptr`. Errors: as `resolve`.
/// Source: `txaio.reject`.
template <class T, class Exception>
  requires(!std::is_same_v<std::remove_cvref_t<Exception>, std::source_location>)
void reject(const future<T>& f, Exception&& why, std::source_location where = std::source_location::current()) {
  if constexpr (std::is_same_v<std::remove_cvref_t<Exception>, failure>) {
    detail::fail(f, why, "reject");
  } else {
    detail::fail(f, create_failure(std::forward<Exception>(why), where), "reject");
  }
}

/// Asks to stop waiting for the future. The canceller that it was created with is called now and may complete it; if it
/// does not, the future fails with `cancelled_error(message)`. Cancelling a coroutine's future cancels what the
/// coroutine awaits; the coroutine then sees `cancelled_error` and may clean up, pass it on or ignore it.
/// \return false if the future was completed already; nothing happens then.
/// Source: `txaio.cancel`, asyncio `Task.cancel`.
template <class T>
bool cancel(const future<T>& f, std::string message = "the operation was cancelled",
            std::source_location where = std::source_location::current()) {
  return detail::future_access::state(f).cancel(std::move(message), where);
}

/// Calls `callback(value)` when the future is resolved, `errback(failure)` when it fails: in a later turn, in the
/// loop's thread, even if it is completed already. Either may be absent: `nullptr`, or an empty function.
///
/// The value is passed as `const T&`, the same for every callback. A callback that can only be called with `T&&` (it
/// takes a move-only value by value) gets it moved, or copied if others still need it; after a move, a second taker
/// fails with `invalid_state`. What either throws goes to the loop's exception handler and harms no other callback.
/// Both are destroyed after the call, or without being called when the loop closes or the last handle of a pending
/// future is destroyed. A callback that returns a future (a coroutine, say) is kept until that future is completed, and
/// so is the value or the failure that it was given.
/// Errors: `usage_error` if both are absent, `loop_closed`.
/// Source: `txaio.add_callbacks`, without Twisted's chaining.
template <class T, class Callback, class Errback = std::nullptr_t>
void add_callbacks(const future<T>& f, Callback&& callback, Errback&& errback = nullptr) {
  using C = std::decay_t<Callback>;
  using E = std::decay_t<Errback>;
  static_assert(
      detail::is_absent<C> || detail::shares_value<T, C> || detail::takes_value<T, C>,
      "interloop: the callback cannot be called with the future's value (const T&, or T&&; nothing for void)");
  static_assert(detail::is_absent<E> || std::is_invocable_v<E&, const failure&>,
                "interloop: the errback cannot be called with a const interloop::failure&");
  detail::require_quiet_destructors<C, E>();
  auto& state = detail::future_access::state(f);
  detail::loop_access::require_open(state.loop(), "add_callbacks");
  if (detail::is_empty(callback) && detail::is_empty(errback)) [[unlikely]]
    detail::throw_usage("add_callbacks: both callback and errback are absent; pass at least one");
  using kept_callback = typename detail::kept_callback<T, C>::type;
  using kept_errback = detail::keeping<E, const failure&>;
  state.template add<detail::callbacks<T, kept_callback, kept_errback>>(std::forward<Callback>(callback),
                                                                        std::forward<Errback>(errback));
}

}  // namespace interloop
