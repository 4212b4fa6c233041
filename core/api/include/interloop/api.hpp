// SPDX-License-Identifier: MIT
// txaio's functions: as members of `api`, bound to one loop, and as free functions that use the current loop.
//
// The free functions use the loop whose turn runs in this thread, or otherwise the selected one, `config().loop`. If
// there is neither, they throw a `usage_error` that names the functions which select one. Those that take a future
// (`resolve`, `reject`, `cancel`, `add_callbacks`, …) use the future's own loop; future.hpp has them.
#pragma once

#include <interloop/batched_timer.hpp>
#include <interloop/config.hpp>
#include <interloop/coroutine.hpp>
#include <interloop/detail/as_future.hpp>
#include <interloop/detail/deprecated_api.hpp>
#include <interloop/detail/loop_access.hpp>
#include <interloop/detail/placed.hpp>
#include <interloop/future.hpp>
#include <interloop/gather.hpp>
#include <interloop/loop.hpp>

#include <cstddef>
#include <source_location>
#include <type_traits>
#include <utility>

namespace interloop {

namespace detail {

template <class E>
inline constexpr bool is_failure_v =
    std::is_same_v<std::remove_cvref_t<E>, failure> || std::is_same_v<std::remove_cvref_t<E>, std::exception_ptr>;

/// A value, not a canceller. A lambda converts to `bool` and to `std::any`; an argument that could be either is a
/// canceller, unless the future's values are functions themselves.
template <class T, class V>
concept value_of = !std::is_void_v<T> && !is_failure_v<V> && !is_future_v<std::remove_cvref_t<V>> &&
                   !std::is_same_v<std::remove_cvref_t<V>, std::source_location> && std::is_constructible_v<T, V> &&
                   (!canceller_of<T, V> || canceller_of<T, T>);

/// A future that a timer resolves. Cancelling it cancels the timer.
[[nodiscard]] inline future<void> sleep_until(loop& core, time_point when, std::source_location where) {
  auto rings = make_future<void>(core, where);
  timer call = core.call_at({when, where}, [rings] {
    if (!interloop::is_called(rings)) interloop::resolve(rings);
  });
  add_canceller(rings, [call = std::move(call)]() mutable { call.cancel(); });
  return rings;
}

}  // namespace detail

/// Every function that uses the current loop, bound to a given one: a value to keep in a library's objects instead of
/// calling the free functions. Cheap to copy. The loop must outlive its use. Converts to `loop&`, so a coroutine that
/// has one as a parameter belongs to its loop.
///
/// Thread safety: the loop's thread only, except for `post` and `remote`. Errors: `loop_closed` after the loop was closed.
/// Source: what `txaio.with_config` returns.
class api : public detail::deprecated_api {
 public:
  /// Errors: `usage_error` if the loop was made by a copy of the library other than the one this code is linked with.
  explicit api(interloop::loop& core) : loop_(&core) { detail::loop_access::require_same_copy(core); }

  /// The loop this is bound to.
  [[nodiscard]] interloop::loop& loop() const noexcept { return *loop_; }
  operator interloop::loop&() const noexcept { return *loop_; }

  // ---- Making futures ----

  /// A pending future: complete it with `resolve`, `reject` or `cancel`.
  template <class T>
  [[nodiscard]] future<T> create_future(std::source_location where = std::source_location::current()) const {
    return detail::make_future<T>(*loop_, where);
  }

  /// A pending future with a canceller, which `cancel` calls in the loop's thread, with the future or with no argument.
  /// The canceller may complete the future; it is destroyed when the future is completed.
  template <class T, class Canceller>
    requires(detail::canceller_of<T, Canceller> && !detail::value_of<T, Canceller>)
  [[nodiscard]] future<T> create_future(Canceller&& canceller,
                                        std::source_location where = std::source_location::current()) const {
    auto made = detail::make_future<T>(*loop_, where);
    detail::add_canceller(made, std::forward<Canceller>(canceller));
    return made;
  }

  /// A future that is resolved already.
  template <class T, class Value>
    requires detail::value_of<T, Value>
  [[nodiscard]] future<T> create_future(Value&& value,
                                        std::source_location where = std::source_location::current()) const {
    auto made = detail::make_future<T>(*loop_, where);
    interloop::resolve(made, std::forward<Value>(value));
    return made;
  }

  /// A future that has failed already, with a `failure` or a `std::exception_ptr`.
  template <class T, class Error>
    requires detail::is_failure_v<Error>
  [[nodiscard]] future<T> create_future(Error&& error,
                                        std::source_location where = std::source_location::current()) const {
    return create_future_error<T>(std::forward<Error>(error), where);
  }

  /// A future that is resolved already; its type is the value's.
  template <class Value>
  [[nodiscard]] auto create_future_success(Value&& value,
                                           std::source_location where = std::source_location::current()) const {
    return create_future<std::decay_t<Value>>(std::forward<Value>(value), where);
  }
  template <class T>
    requires std::is_void_v<T>
  [[nodiscard]] future<void> create_future_success(std::source_location where = std::source_location::current()) const {
    auto made = detail::make_future<void>(*loop_, where);
    interloop::resolve(made);
    return made;
  }

  /// A future that has failed already: with a `failure`, an exception object or a `std::exception_ptr`.
  template <class T, class Error>
  [[nodiscard]] future<T> create_future_error(Error&& error,
                                              std::source_location where = std::source_location::current()) const {
    auto made = detail::make_future<T>(*loop_, where);
    interloop::reject(made, std::forward<Error>(error), where);
    return made;
  }
  /// A future that has failed with the exception being handled.
  template <class T>
  [[nodiscard]] future<T> create_future_error(std::source_location where = std::source_location::current()) const {
    auto made = detail::make_future<T>(*loop_, where);
    interloop::reject(made, where);
    return made;
  }

  /// Calls `fn(args…)` now and always returns a future: the one that `fn` returned (it may be a coroutine), or one that
  /// is resolved with what it returned or failed with what it threw. If it returned a future, temporaries that were
  /// passed, including `fn`, are kept until that future is completed; named objects (lvalues) are used in place.
  template <class F, class A = detail::not_given, class B = detail::not_given, class C = detail::not_given>
  [[nodiscard]] auto as_future(F&& fn, A&& a = A(), B&& b = B(), C&& c = C(),
                               detail::call_place from = std::source_location::current()) const {
    return detail::with_given(
        [&](auto&&... args) {
          return detail::as_future_on(*loop_, from.where, std::forward<F>(fn), std::forward<decltype(args)>(args)...);
        },
        std::forward<A>(a), std::forward<B>(b), std::forward<C>(c));
  }
  template <class F, class... Args>
    requires(sizeof...(Args) > 3)
  [[nodiscard]] auto as_future(F&& fn, Args&&... args) const {
    return detail::as_future_on(*loop_, {}, std::forward<F>(fn), std::forward<Args>(args)...);
  }

  // ---- Waiting ----

  /// A future of the results of all `futures`, in their order: each a value or, with `consume_exceptions::yes`, a
  /// failure in its place; with `no`, the returned future fails with the first failure, and the other futures go on.
  /// Cancelling the returned future cancels those that are still pending. It keeps the futures until it is completed.
  /// Values are copied; move-only ones are taken. If the loop of one of the futures is closed first, the returned
  /// future fails with `loop_closed`. A value that was taken elsewhere, or whose copy throws, counts as a failure.
  template <class Range>
    requires detail::range_of_futures<Range>
  [[nodiscard]] auto gather(Range&& futures, std::source_location where = std::source_location::current()) const {
    return detail::gather_vector(*loop_, detail::futures_of(std::forward<Range>(futures)), true, where);
  }
  template <class Range>
    requires detail::range_of_futures<Range>
  [[nodiscard]] auto gather(detail::gather_call call, Range&& futures) const {
    return detail::gather_vector(*loop_, detail::futures_of(std::forward<Range>(futures)),
                                 call.consume == interloop::consume_exceptions::yes, call.where);
  }
  /// The order of the first version. See docs/upgrading.md.
  template <class Range>
    requires detail::range_of_futures<Range>
  [[deprecated(
      "write gather(consume_exceptions, futures): the other order goes away in interloop 0.3")]] [[nodiscard]] auto
  gather(Range&& futures, interloop::consume_exceptions consume,
         std::source_location where = std::source_location::current()) const {
    return gather(detail::gather_call(consume, where), std::forward<Range>(futures));
  }
  /// The same for futures of different types: a future of a tuple of results. A traceback says where they were
  /// gathered if `consume_exceptions` is given; otherwise who awaited the result.
  template <class... Ts>
  [[nodiscard]] auto gather(const future<Ts>&... futures) const {
    return detail::gather_tuple(*loop_, true, std::source_location{}, futures...);
  }
  template <class... Ts>
  [[nodiscard]] auto gather(detail::gather_call call, const future<Ts>&... futures) const {
    return detail::gather_tuple(*loop_, call.consume == interloop::consume_exceptions::yes, call.where, futures...);
  }

  /// A future that is resolved after `delay`. Cancelling it cancels the timer.
  template <class Rep, class Period>
  [[nodiscard]] future<void> sleep(std::chrono::duration<Rep, Period> delay,
                                   std::source_location where = std::source_location::current()) const {
    return detail::sleep_until(*loop_, loop_->after(to_duration(delay)), where);
  }

  /// A future that is resolved in the next turn, after everything that is ready now: queued callables, due timers, and
  /// what the native loop has to do between two turns. Several that yield take turns. Source: asyncio `sleep(0)`.
  [[nodiscard]] future<void> yield(std::source_location where = std::source_location::current()) const {
    return detail::sleep_until(*loop_, (time_point::min)(), where);
  }

  // ---- Calling: see `loop` for the contracts ----

  template <class F, class A = detail::not_given, class B = detail::not_given, class C = detail::not_given>
  void call_soon(F&& fn, A&& a = A(), B&& b = B(), C&& c = C(),
                 detail::call_place from = std::source_location::current()) const {
    loop_->call_soon(std::forward<F>(fn), std::forward<A>(a), std::forward<B>(b), std::forward<C>(c), from);
  }
  template <class F, class... Args>
    requires(sizeof...(Args) > 3)
  void call_soon(F&& fn, Args&&... args) const {
    loop_->call_soon(std::forward<F>(fn), std::forward<Args>(args)...);
  }
  template <class F, class... Args>
  timer call_later(detail::placed_delay delay, F&& fn, Args&&... args) const {
    return loop_->call_later(delay, std::forward<F>(fn), std::forward<Args>(args)...);
  }
  template <class F, class... Args>
  timer call_at(detail::placed_time when, F&& fn, Args&&... args) const {
    return loop_->call_at(when, std::forward<F>(fn), std::forward<Args>(args)...);
  }
  template <class F, class A = detail::not_given, class B = detail::not_given, class C = detail::not_given>
  void post(F&& fn, A&& a = A(), B&& b = B(), C&& c = C(),
            detail::call_place from = std::source_location::current()) const {
    loop_->post(std::forward<F>(fn), std::forward<A>(a), std::forward<B>(b), std::forward<C>(c), from);
  }
  template <class F, class... Args>
    requires(sizeof...(Args) > 3)
  void post(F&& fn, Args&&... args) const {
    loop_->post(std::forward<F>(fn), std::forward<Args>(args)...);
  }
  [[nodiscard]] fd_watch watch(int fd, interest wanted, function<void(interest)> on_ready,
                               std::source_location where = std::source_location::current()) const {
    return loop_->watch(fd, wanted, std::move(on_ready), where);
  }
  [[nodiscard]] time_point now() const noexcept { return loop_->now(); }
  [[nodiscard]] loop_remote remote() const noexcept { return loop_->remote(); }
  [[nodiscard]] loop_hold hold(std::source_location where = std::source_location::current()) const {
    return loop_->hold(where);
  }
  void set_exception_handler(exception_handler handler) const { loop_->set_exception_handler(std::move(handler)); }

  /// Timers grouped into buckets: see `batched_timer`. Source: `txaio.make_batched_timer`.
  template <class Rep, class Period>
  [[nodiscard]] batched_timer make_batched_timer(std::chrono::duration<Rep, Period> bucket,
                                                 std::size_t chunk_size = 100,
                                                 std::source_location where = std::source_location::current()) const {
    return batched_timer(*loop_, to_duration(bucket), chunk_size, where);
  }

  /// Closes the loop: see `loop::close`. The returned future is completed (see `is_called`) when the native loop has
  /// released the last handle, which may need another run of the native loop (libuv); it runs no callbacks. Idempotent:
  /// if the loop is closed already, the new future is completed at the same moment as the first. Errors: `usage_error`
  /// if no loop is selected, `std::bad_alloc`.
  future<void> close() const;
  /// The same, except that errbacks have a last word: see `loop::close(notify)`.
  future<void> close(notify_t) const;

 private:
  interloop::loop* loop_;
};

/// The functions bound to `core` or, without it, to the current loop. Source: `txaio.with_config`.
[[nodiscard]] inline api with_config(loop& core) { return api(core); }
[[nodiscard]] inline api with_config() { return api(current_loop()); }

// ---- The same as free functions, on the current loop. The contracts are those of `api` and `loop`. ----

template <class T>
[[nodiscard]] future<T> create_future(std::source_location where = std::source_location::current()) {
  return with_config().create_future<T>(where);
}
template <class T, class Given>
  requires(detail::canceller_of<T, Given> || detail::value_of<T, Given> || detail::is_failure_v<Given>)
[[nodiscard]] future<T> create_future(Given&& given, std::source_location where = std::source_location::current()) {
  return with_config().create_future<T>(std::forward<Given>(given), where);
}
template <class Value>
[[nodiscard]] auto create_future_success(Value&& value, std::source_location where = std::source_location::current()) {
  return with_config().create_future_success(std::forward<Value>(value), where);
}
template <class T>
  requires std::is_void_v<T>
[[nodiscard]] future<void> create_future_success(std::source_location where = std::source_location::current()) {
  return with_config().create_future_success<void>(where);
}
template <class T, class Error>
[[nodiscard]] future<T> create_future_error(Error&& error,
                                            std::source_location where = std::source_location::current()) {
  return with_config().create_future_error<T>(std::forward<Error>(error), where);
}
template <class T>
[[nodiscard]] future<T> create_future_error(std::source_location where = std::source_location::current()) {
  return with_config().create_future_error<T>(where);
}
template <class F, class A = detail::not_given, class B = detail::not_given, class C = detail::not_given>
[[nodiscard]] auto as_future(F&& fn, A&& a = A(), B&& b = B(), C&& c = C(),
                             detail::call_place from = std::source_location::current()) {
  return with_config().as_future(std::forward<F>(fn), std::forward<A>(a), std::forward<B>(b), std::forward<C>(c), from);
}
template <class F, class... Args>
  requires(sizeof...(Args) > 3)
[[nodiscard]] auto as_future(F&& fn, Args&&... args) {
  return with_config().as_future(std::forward<F>(fn), std::forward<Args>(args)...);
}
template <class Range>
  requires detail::range_of_futures<Range>
[[nodiscard]] auto gather(Range&& futures, std::source_location where = std::source_location::current()) {
  return with_config().gather(std::forward<Range>(futures), where);
}
template <class Range>
  requires detail::range_of_futures<Range>
[[nodiscard]] auto gather(detail::gather_call call, Range&& futures) {
  return with_config().gather(call, std::forward<Range>(futures));
}
template <class Range>
  requires detail::range_of_futures<Range>
[[deprecated(
    "write gather(consume_exceptions, futures): the other order goes away in interloop 0.3")]] [[nodiscard]] auto
gather(Range&& futures, consume_exceptions consume, std::source_location where = std::source_location::current()) {
  return with_config().gather(detail::gather_call(consume, where), std::forward<Range>(futures));
}
template <class... Ts>
[[nodiscard]] auto gather(const future<Ts>&... futures) {
  return with_config().gather(futures...);
}
template <class... Ts>
[[nodiscard]] auto gather(detail::gather_call call, const future<Ts>&... futures) {
  return with_config().gather(call, futures...);
}
template <class Rep, class Period>
[[nodiscard]] future<void> sleep(std::chrono::duration<Rep, Period> delay,
                                 std::source_location where = std::source_location::current()) {
  return with_config().sleep(delay, where);
}
[[nodiscard]] inline future<void> yield(std::source_location where = std::source_location::current()) {
  return with_config().yield(where);
}
template <class F, class A = detail::not_given, class B = detail::not_given, class C = detail::not_given>
void call_soon(F&& fn, A&& a = A(), B&& b = B(), C&& c = C(),
               detail::call_place from = std::source_location::current()) {
  current_loop().call_soon(std::forward<F>(fn), std::forward<A>(a), std::forward<B>(b), std::forward<C>(c), from);
}
template <class F, class... Args>
  requires(sizeof...(Args) > 3)
void call_soon(F&& fn, Args&&... args) {
  current_loop().call_soon(std::forward<F>(fn), std::forward<Args>(args)...);
}
template <class F, class... Args>
timer call_later(detail::placed_delay delay, F&& fn, Args&&... args) {
  return current_loop().call_later(delay, std::forward<F>(fn), std::forward<Args>(args)...);
}
template <class F, class... Args>
timer call_at(detail::placed_time when, F&& fn, Args&&... args) {
  return current_loop().call_at(when, std::forward<F>(fn), std::forward<Args>(args)...);
}
template <class F, class A = detail::not_given, class B = detail::not_given, class C = detail::not_given>
void post(F&& fn, A&& a = A(), B&& b = B(), C&& c = C(), detail::call_place from = std::source_location::current()) {
  current_loop().post(std::forward<F>(fn), std::forward<A>(a), std::forward<B>(b), std::forward<C>(c), from);
}
template <class F, class... Args>
  requires(sizeof...(Args) > 3)
void post(F&& fn, Args&&... args) {
  current_loop().post(std::forward<F>(fn), std::forward<Args>(args)...);
}
[[nodiscard]] inline fd_watch watch(int fd, interest wanted, function<void(interest)> on_ready,
                                    std::source_location where = std::source_location::current()) {
  return current_loop().watch(fd, wanted, std::move(on_ready), where);
}
[[nodiscard]] inline time_point now() { return current_loop().now(); }
[[nodiscard]] inline loop_hold hold(std::source_location where = std::source_location::current()) {
  return current_loop().hold(where);
}
inline void set_exception_handler(exception_handler handler) {
  current_loop().set_exception_handler(std::move(handler));
}
template <class Rep, class Period>
[[nodiscard]] batched_timer make_batched_timer(std::chrono::duration<Rep, Period> bucket, std::size_t chunk_size = 100,
                                               std::source_location where = std::source_location::current()) {
  return with_config().make_batched_timer(bucket, chunk_size, where);
}
inline future<void> close() { return with_config().close(); }
inline future<void> close(notify_t) { return with_config().close(notify); }

}  // namespace interloop
