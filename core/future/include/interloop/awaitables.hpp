// SPDX-License-Identifier: MIT
// Coroutines of other libraries: our coroutines await theirs, and theirs await futures.
//
// In a coroutine that returns `future<T>`, `co_await` takes what it takes elsewhere in C++: an object with a member or
// a free `operator co_await`, or one with `await_ready`, `await_suspend` and `await_resume`. The rules:
//
// - If the await is over without being suspended (`await_ready` returns true, or `await_suspend` false), the coroutine
//   goes on at once. Otherwise it resumes in a turn of its own loop, whatever thread, and whatever moment, the other
//   side resumes in: inside `await_suspend` too.
// - An awaitable that is a temporary, or that was moved, is moved to where it outlives the coroutine, before its
//   functions are called. One that is awaited by name stays where it is: it has to outlive the await, and a variable of
//   the coroutine does not if the loop closes meanwhile.
// - The three functions are called as in a coroutine of the other library: `await_resume` and the destructors of what it
//   returned in the thread that resumes. The coroutine gets the result by a move, or the reference; what it refers to in
//   the awaitable lasts until the end of the expression.
// - `cancel` on the coroutine's future asks the awaitable to stop, if it has a way (see `await_traits`); the coroutine
//   then waits for what comes of that. Otherwise the `co_await` throws `cancelled_error` in the next turn.
// - When the loop closes, the coroutine is destroyed; an awaitable that has a way is asked to stop. Then, and after a
//   cancellation without a way, the other side may still resume or destroy the handle that it got, in any thread:
//   the awaitable and what it returns are destroyed there. If it never does, they stay allocated.
// - If the other side destroys the handle while the coroutine waits, the `co_await` throws `broken_promise`.
//
// A coroutine of another library awaits a future by `operator co_await`, and resumes in a turn of the future's loop,
// where it has to be when it awaits. It is resumed in every case: if nobody can complete the future any more, with
// `broken_promise`; if the loop closes, inside `close`, with `loop_closed` or with an outcome that was not reported yet.
// There it must not use the loop, and another `co_await` of a pending future throws `loop_closed`. It may be destroyed
// while it waits.
//
// One allocation for each foreign `co_await`, and a small one of the loop's if it suspends. None for futures. If memory is
// too short to tell the loop, outside of a turn, that an await has ended, the coroutine waits until it is cancelled.
// Thread safety: as for coroutines, the loop's thread only.
#pragma once

#include <interloop/detail/foreign_await.hpp>
#include <interloop/detail/outside_await.hpp>
#include <interloop/future.hpp>

#include <coroutine>
#include <type_traits>
#include <utility>

namespace interloop {

/// What interloop may do with an awaitable of type `Awaitable` (without reference and `const`). To be specialised by
/// those who know the type; both members are optional:
///
///     static void cancel(Awaitable&);             // asks it to stop
///     static constexpr bool destroyable = true;   // a coroutine that it has suspended may be destroyed
///
/// `cancel` is called at most once, in the loop's thread, while the other side has the coroutine's handle: perhaps it is
/// being resumed in another thread at that moment. It may resume the coroutine before it returns. What it throws goes to
/// the exception handler. Without it, `cancel()` of the awaiter or of the awaitable is called, if there is one.
///
/// `destroyable` is for types that may be destroyed while they are awaited, such as a lazy task that owns its coroutine,
/// and that are not resumed in other threads. They are then destroyed when the coroutine that awaits is cancelled or its
/// loop closes, so that an await that would never end leaves nothing behind.
template <class Awaitable>
struct await_traits {};

/// Keeps no handle, so nobody would destroy what waits.
template <>
struct await_traits<std::suspend_always> {
  static constexpr bool destroyable = true;
};

/// Awaits what `make()` returns, which need not be movable: `co_await in_place([&] { return operation(socket); })`.
/// \param make  called once, inside the `co_await`; kept as long as what it made.
template <class F>
[[nodiscard]] detail::made_in_place<std::decay_t<F>> in_place(F&& make) {
  static_assert(std::is_invocable_v<std::decay_t<F>&>,
                "interloop: in_place takes a function without parameters that returns an awaitable");
  return detail::made_in_place<std::decay_t<F>>(std::forward<F>(make));
}

/// For coroutines of other libraries. A future that is awaited by name gives a `const T&` into it; a temporary, or one
/// that was moved, gives the value, moved if nobody else waits for it or has a handle. A failure is thrown, and counts
/// as looked at; a cancellation as `operation_cancelled`. Errors: `usage_error` for an empty handle; `loop_closed`, `std::bad_alloc`.
template <class T>
[[nodiscard]] detail::outside_awaiter<T, false> operator co_await(const future<T>& f) {
  return detail::outside_awaiter<T, false>(detail::future_access::seen(f, "co_await"));
}
template <class T>
[[nodiscard]] detail::outside_awaiter<T, true> operator co_await(future<T>&& f) {
  static_cast<void>(detail::future_access::seen(f, "co_await"));
  return detail::outside_awaiter<T, true>(detail::future_access::release(std::move(f)));
}

}  // namespace interloop
