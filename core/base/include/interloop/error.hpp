// SPDX-License-Identifier: MIT
// The one exception hierarchy of interloop. A message says what happened, with the values involved, and what to do.
#pragma once

#include <stdexcept>
#include <string>

namespace interloop {

/// The base of everything that interloop itself throws. What a user's own callback throws is never wrapped in it.
class error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  ~error() override;
};

/// A call that can never work as it was made: no loop selected, two selected, no callback given, a bad descriptor.
/// Source: txaio raises `RuntimeError` and `ValueError` for these.
class usage_error : public error {
 public:
  using error::error;
  ~usage_error() override;
};

/// A future was completed a second time, or its value was asked for before there was one or after it was taken.
/// Source: asyncio `InvalidStateError`, Twisted `AlreadyCalledError`.
class invalid_state : public error {
 public:
  using error::error;
  ~invalid_state() override;
};

/// The outcome of a future that was cancelled, for errbacks, and what `co_await` throws in a coroutine that was cancelled
/// itself. Not a `std::exception`: a `catch (const std::exception&)` is for what goes wrong, and a cancellation passes it.
/// Code that was not cancelled and asks for a cancelled future's value gets `operation_cancelled` instead.
///
/// Copying does not throw or allocate.
/// Source: `asyncio.CancelledError`, a `BaseException`; `trio.Cancelled`; `twisted.internet.defer.CancelledError`.
class cancelled_error final {
 public:
  explicit cancelled_error(const std::string& message) : text_(message) {}
  explicit cancelled_error(const char* message) : text_(message) {}
  cancelled_error(const cancelled_error&) noexcept = default;
  cancelled_error& operator=(const cancelled_error&) noexcept = default;
  ~cancelled_error();

  /// The message that was given to `cancel`.
  [[nodiscard]] const char* what() const noexcept { return text_.what(); }

 private:
  std::runtime_error text_;  // copies share the text
};

/// What was waited for has been cancelled, and the code that waits has not: a blocked thread, a coroutine that awaits
/// what other code cancelled, a call of `value`. An error like any other; the message is the cancellation's.
class operation_cancelled : public error {
 public:
  using error::error;
  ~operation_cancelled() override;
};

/// The time allowed for an operation has passed. Source: `crochet.TimeoutError`.
class timeout_error : public error {
 public:
  using error::error;
  ~timeout_error() override;
};

/// A loop-bound object was touched from another thread, or a future was looked at while another thread runs its loop.
/// Only checked builds (`INTERLOOP_CHECKED`) throw this; in others such a call is a data race.
class wrong_thread : public error {
 public:
  using error::error;
  ~wrong_thread() override;
};

/// The loop was closed: nothing can be queued on it any more, and what was pending fails with this.
class loop_closed : public error {
 public:
  using error::error;
  ~loop_closed() override;
};

/// A coroutine, a `gather` or a blocked thread waits for a future that nobody can complete any more: all other handles
/// to it were dropped. Or a coroutine waits for a mutex, say, that was destroyed.
/// Source: `std::future_errc::broken_promise`.
class broken_promise : public error {
 public:
  using error::error;
  ~broken_promise() override;
};

/// An item was sent to a channel that is closed. Source: trio `ClosedResourceError`, tokio `SendError`.
class channel_closed : public error {
 public:
  using error::error;
  ~channel_closed() override;
};

/// A blocked thread's wait was interrupted: by `interrupt_wait`, called in a signal handler, or by its `std::stop_token`.
class interrupted_error : public error {
 public:
  using error::error;
  ~interrupted_error() override;
};

/// The loop that a blocked thread waits for has stopped. Source: `crochet.ReactorStopped`.
class reactor_stopped : public error {
 public:
  using error::error;
  ~reactor_stopped() override;
};

namespace detail {

// Throwing is out of line so that the checking code stays small.
[[noreturn]] void throw_usage(const char* what);
[[noreturn]] void throw_invalid_state(const char* what);
[[noreturn]] void throw_loop_closed(const char* what);
[[noreturn]] void throw_wrong_thread(const char* function);

}  // namespace detail
}  // namespace interloop
