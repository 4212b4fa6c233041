// SPDX-License-Identifier: MIT
// Connects futures with `std::stop_token`: a stop, requested in any thread, cancels a future; a future that is cancelled
// stops what works for it in another thread.
#pragma once

#include <interloop/detail/future_state.hpp>
#include <interloop/error.hpp>
#include <interloop/future.hpp>
#include <interloop/loop.hpp>
#include <interloop/remote_promise.hpp>

#include <memory>
#include <optional>
#include <source_location>
#include <stop_token>
#include <utility>

namespace interloop {

namespace detail {

struct stop_relay;

/// What a stop calls, in any thread: posts a function that cancels the future.
struct stop_request {
  std::shared_ptr<stop_relay> relay;
  void operator()() const noexcept;
};

/// What the future, the stop and the posted function share.
struct stop_relay {
  loop_remote where;
  future_core* target;  // the loop's thread only; null once that is over
  std::source_location place;
  std::optional<std::stop_callback<stop_request>> callback;  // the loop's thread only
};

/// The continuation that stops a token when nobody needs the future's value any more.
template <class T>
struct stop_signal final : continuation {
  std::stop_source source;

  explicit stop_signal(const std::stop_source& from) noexcept : continuation{&code_of}, source(from) {}

  static void code_of(continuation& base, future_core& core, visit how, std::size_t& size) {
    size = sizeof(stop_signal);
    if (how == visit::cancel) return;
    auto& self = static_cast<stop_signal&>(base);
    const std::stop_source source(std::move(self.source));
    self.~stop_signal();
    const bool wanted = how == visit::run && !was_cancelled(static_cast<future_state<T>&>(core));
    if (!wanted) static_cast<void>(std::stop_source(source).request_stop());
  }
  static bool was_cancelled(future_state<T>& state) noexcept {
    return state.status() == status::failed && state.get_failure().template is<cancelled_error>();
  }
};

}  // namespace detail

/// Cancels `f` in a turn of its loop after a stop was requested, in any thread, or if it was requested before. Does
/// nothing if `f` is completed by then, or its loop closed.
///
/// The connection ends with `f`, and does not keep `f` alive. If a stop is being requested in another thread at that
/// moment, the loop waits the microseconds that posting takes. In the loop's thread. One allocation, and one more if
/// `f` has several callbacks. Errors: `usage_error` if `f` is empty, `loop_closed`, `std::bad_alloc`.
/// \param where  the place that tracebacks name.
template <class T>
void cancel_on_stop(const future<T>& f, std::stop_token token,
                    std::source_location where = std::source_location::current()) {
  auto& state = detail::future_access::state(f);
  detail::loop_access::require_open(state.loop(), "cancel_on_stop");
  if (!state.is_pending() || !token.stop_possible()) return;
  const auto relay = std::make_shared<detail::stop_relay>(state.loop().remote(), &state, where, std::nullopt);
  const auto over = [relay]() noexcept {
    relay->target = nullptr;
    relay->callback.reset();
  };
  state.template add_bystander<detail::when_over<decltype(over)>>(over);
  relay->callback.emplace(std::move(token), detail::stop_request{relay});
}

/// A token that is stopped when nobody needs the value of `f` any more: it was cancelled, its last handle was dropped
/// while it was pending, or its loop closes. For work in another thread that is to complete `f`.
///
/// The stop is requested in the loop's thread: in a later turn after the cancellation, or inside the call that drops the
/// handle or closes the loop. Callbacks of the token run there, and must not use the loop. A coroutine's future counts
/// as cancelled when the coroutine has ended so. In the loop's thread. One allocation, and one more if `f` has several
/// callbacks. Errors: `usage_error` if `f` is empty, `loop_closed`, `std::bad_alloc`.
template <class T>
[[nodiscard]] std::stop_token stop_token_of(const future<T>& f) {
  auto& state = detail::future_access::state(f);
  detail::loop_access::require_open(state.loop(), "stop_token_of");
  std::stop_source source;
  if (state.is_pending()) {
    state.template add_bystander<detail::stop_signal<T>>(source);
  } else if (detail::stop_signal<T>::was_cancelled(state)) {
    source.request_stop();
  }
  return source.get_token();
}

}  // namespace interloop
