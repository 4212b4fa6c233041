// SPDX-License-Identifier: MIT
// A limit on how long a future may take.
#pragma once

#include <interloop/coroutine.hpp>
#include <interloop/future.hpp>
#include <interloop/loop.hpp>
#include <interloop/time.hpp>
#include <interloop/timer.hpp>

#include <source_location>
#include <type_traits>
#include <utility>

namespace interloop {

namespace detail {

/// What the user has limited, for the error.
struct limit_call {
  duration limit;  // from the call
  bool deadline;   // the user has named a point in time
  std::source_location where;
};

/// Cancels a future when its time has passed, unless this is destroyed before. The future must live as long.
class time_limit {
 public:
  time_limit(future_core& limited, time_point when, const limit_call& call);
  time_limit(const time_limit&) = delete;
  time_limit& operator=(const time_limit&) = delete;
  ~time_limit() { timer_.cancel(); }

  /// Whether it has cancelled the future.
  [[nodiscard]] bool passed() const noexcept { return passed_; }

 private:
  void ring() noexcept;

  future_core& limited_;
  const limit_call& call_;
  bool passed_ = false;
  timer timer_;
};

/// In a `catch` block: throws the `timeout_error`. An exception that is not the cancellation becomes its cause.
[[noreturn]] void throw_timed_out(const limit_call& call);

template <class T>
future<T> limit_time(loop&, future<T> f, time_point when, limit_call call) {
  const promise_core& self = co_await created_at{call.where};
  const time_limit alarm(future_access::state(f), when, call);
  try {
    if constexpr (std::is_void_v<T>) {
      co_await awaited_at<T>(std::move(f), call.where);
      co_return;
    } else {
      co_return co_await awaited_at<T>(std::move(f), call.where);
    }
  } catch (...) {
    if (!alarm.passed() || self.cancelled()) throw;
    throw_timed_out(call);
  }
}

}  // namespace detail

/// A future of what `f` gives, if it does so in time; otherwise of a `timeout_error`, which says the limit and where
/// this was called.
///
/// When the time has passed, `f` is cancelled, and the returned future is completed when `f` has ended: a coroutine may
/// have to clean up, and until then it may use what its caller owns. A value that `f` gives nevertheless is not lost: it
/// is the result. If `f` then fails with something other than `cancelled_error`, that is the cause of the
/// `timeout_error`, as by `std::throw_with_nested`. If `f` was completed before the time had passed, that counts, even
/// if its callbacks have not run yet.
///
/// Cancelling the returned future cancels `f`, and wins over the limit. The timer is gone as soon as `f` has ended. If
/// nobody can complete `f` any more, the result is `broken_promise`, as when awaiting it.
/// \param limit  any chrono duration, measured from this call; zero or less means the next turn. A limit that is too
///               long for the clock is none, and needs no timer.
/// \param f      may be a handle that others share; if it is the last one, the value is moved.
/// In the loop's thread; the returned future belongs to the loop of `f`. One allocation. Errors: `usage_error` if `f`
/// is empty, `loop_closed`, `std::bad_alloc`; `f` then goes on.
/// Source: asyncio `wait_for`, trio `fail_after`.
template <class Rep, class Period, class T>
[[nodiscard]] future<T> with_timeout(std::chrono::duration<Rep, Period> limit, future<T> f,
                                     std::source_location where = std::source_location::current()) {
  loop& core = f.loop();
  const duration span = to_duration(limit);
  return detail::limit_time<T>(core, std::move(f), core.after(span), {span, false, where});
}

/// The same up to a point on the clock of the loop of `f`: for one deadline that several operations share. One that has
/// passed means the next turn.
/// Source: asyncio `timeout_at`, trio `fail_at`.
template <class T>
[[nodiscard]] future<T> with_deadline(time_point when, future<T> f,
                                      std::source_location where = std::source_location::current()) {
  loop& core = f.loop();
  const time_point present = core.now();
  return detail::limit_time<T>(core, std::move(f), when, {when > present ? when - present : duration(), true, where});
}

}  // namespace interloop
