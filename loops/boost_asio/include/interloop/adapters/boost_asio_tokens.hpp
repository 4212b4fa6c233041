// SPDX-License-Identifier: MIT
// Futures and completion tokens of Boost.Asio, both ways: `async_get` gives a future to any token, and the token
// `use_future` makes a future of any operation. A header of its own, so that the adapter's stays light.
#pragma once

#include <interloop/adapters/boost_asio.hpp>
#include <interloop/detail/asio_get.hpp>
#include <interloop/detail/asio_use_future.hpp>

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/asio/version.hpp>
#if BOOST_ASIO_VERSION >= 101900
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#endif

#include <utility>

namespace interloop {

namespace detail {

/// Boost.Asio's names for what tokens need.
struct boost_asio_tokens : boost_flavour {
  using of_port = boost_flavour;

  template <class Handler>
  static auto executor_of(const Handler& handler) noexcept {
    return ::boost::asio::get_associated_executor(handler);
  }
  template <class Handler>
  static auto allocator_of(const Handler& handler) noexcept {
    return ::boost::asio::get_associated_allocator(handler);
  }
  /// Whether an executor is the system's, or does not say where it runs things: right away, that is.
  template <class Executor>
  static bool is_system(const Executor& executor) noexcept {
    if constexpr (::boost::asio::can_query<const Executor&, ::boost::asio::execution::context_t>::value) {
      const execution_context& context = ::boost::asio::query(executor, ::boost::asio::execution::context);
      return &context == &::boost::asio::query(::boost::asio::system_executor(), ::boost::asio::execution::context);
    } else {
      return true;
    }
  }
  template <class F>
  static void dispatch_own(F&& fn) {
    ::boost::asio::dispatch(std::forward<F>(fn));
  }
  template <class F>
  static void post_own(F&& fn) {
    ::boost::asio::post(std::forward<F>(fn));
  }
  static bool is_abort(const error_code& error) noexcept { return error == ::boost::asio::error::operation_aborted; }

  static constexpr bool has_slots = BOOST_ASIO_VERSION >= 101900;
#if BOOST_ASIO_VERSION >= 101900
  using cancellation_slot = ::boost::asio::cancellation_slot;
  using cancellation_signal = ::boost::asio::cancellation_signal;
  template <class Handler>
  static auto slot_of(const Handler& handler) noexcept {
    return ::boost::asio::get_associated_cancellation_slot(handler);
  }
  static void emit(cancellation_signal& signal) { signal.emit(::boost::asio::cancellation_type::all); }
#else
  struct cancellation_slot {};
  struct cancellation_signal {
    cancellation_slot slot() const noexcept { return {}; }
  };
#endif
};

}  // namespace detail

// One program may have both flavours, each in its own files: their functions have different names to the linker.
inline namespace with_boost_asio {

/// Gives a future to a completion token: starts an operation that ends when the future does. It completes with
/// `void(std::exception_ptr, T)`, or `void(std::exception_ptr)` for `future<void>`. So
/// `co_await async_get(f, boost::asio::use_awaitable)` in an `awaitable` is what `co_await f` is in a coroutine of interloop.
///
/// The handler is called once: when the future is completed; if it can no longer be (`broken_promise`); if the loop
/// closes (`loop_closed`). It is never called inside of this function. On its associated executor it runs inside the
/// loop's turn if that executor allows (`dispatch`); at the loop's close, it is posted. A handler without an executor
/// is called in the loop's turn, or inside of its `close`. As with every operation, until then neither the loop's nor
/// the executor's native loop ends, and a context that is destroyed first destroys the handler without calling it.
///
/// Cancelling by the handler's cancellation slot cancels the future, whatever the type of cancellation; the signal is
/// emitted in the loop's thread. Memory comes from the handler's associated allocator if it has one: one allocation.
/// \param f      of any loop. The operation is no handle to it: it does not keep it from being broken.
/// \param token  `use_awaitable`, `deferred`, `use_future`, `as_tuple(…)`, `bind_executor(…)`, a function…
/// \return       what the token makes of it.
/// Thread safety: the loop's thread only; a `deferred` operation, or an `awaitable`, is started there too.
/// Errors: `usage_error` for an empty handle. A handler without an executor gets neither `loop_closed` of a loop that is
/// closed already nor `std::bad_alloc`: they are thrown. What a handler throws inside the loop's turn goes to its
/// exception handler.
template <class T, class Token>
auto async_get(future<T> f, Token&& token) {
  static_cast<void>(f.loop());
  return ::boost::asio::async_initiate<Token, typename detail::asio_get_signature<T>::type>(
      detail::asio_get<detail::boost_asio_tokens>(), token, std::move(f));
}

}  // namespace with_boost_asio
}  // namespace interloop

/// Completion signatures of the token `interloop::use_future`.
template <class R, class... Args>
class boost::asio::async_result<interloop::use_future_t, R(Args...)>
    : public interloop::detail::asio_future_result<interloop::detail::boost_asio_tokens, R(Args...)> {};
