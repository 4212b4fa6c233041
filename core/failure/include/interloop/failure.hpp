// SPDX-License-Identifier: MIT
// What went wrong, as a value: an exception together with the chain of places that created and awaited its future.
#pragma once

#include <cstdint>
#include <exception>
#include <source_location>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

namespace interloop {

/// One step in the asynchronous history of a failure.
struct trace_entry {
  enum class kind : unsigned char {
    raised,   ///< where the failure was made: `create_failure`, `reject`, `cancel`, or where a coroutine let it escape
    created,  ///< where the future that failed was created, or the coroutine whose future it is
    awaited,  ///< the `co_await` or `gather` that was waiting for that future
  };
  kind what;
  std::source_location where;
};

/// An exception and its asynchronous traceback. Cheap to copy: copies share one immutable record.
///
/// Thread safety: any thread; the record is immutable and counted atomically. A failure outlives its future and loop.
/// Source: `txaio.IFailedFuture`, `twisted.python.failure.Failure`.
class failure {
 public:
  /// Wraps the exception being handled, and keeps the return addresses of the stack: 0.1 microseconds at 20 frames.
  /// Errors: `usage_error` outside of a `catch` block, `std::bad_alloc`.
  explicit failure(std::source_location where = std::source_location::current());

  /// Wraps an exception that was caught elsewhere. Throws `usage_error` if `exception` is null.
  explicit failure(std::exception_ptr exception, std::source_location where = std::source_location::current());

  failure(const failure& other) noexcept : record_(other.record_) { retain(record_); }
  failure(failure&& other) noexcept : record_(std::exchange(other.record_, nullptr)) {}
  failure& operator=(failure other) noexcept {
    std::swap(record_, other.record_);
    return *this;
  }
  ~failure() { release(record_); }

  /// Wraps a non-null exception without failing: if memory is short, the failure holds a `std::bad_alloc` instead.
  [[nodiscard]] static failure of(std::exception_ptr exception, std::source_location where) noexcept;

  /// The wrapped exception; never null.
  [[nodiscard]] const std::exception_ptr& exception() const noexcept;

  /// Throws the wrapped exception.
  [[noreturn]] void rethrow() const { std::rethrow_exception(exception()); }

  /// Whether the exception would be caught by `catch (const Exception&)`. The exception is thrown to find that out,
  /// unless its type is final, as that of `cancelled_error` is. Source: Twisted's `Failure.check`.
  template <class Exception>
  [[nodiscard]] bool is() const noexcept {
    if constexpr (std::is_final_v<Exception>) {
      if (const std::type_info* type = thrown_type()) return *type == typeid(Exception);
    }
    try {
      rethrow();
    } catch (const Exception&) {
      return true;
    } catch (...) {
      return false;
    }
  }

  /// The exception's type as a person writes it, e.g. `std::out_of_range`.
  [[nodiscard]] std::string type_name() const;

  /// `what()`, or the text of a thrown string or number; empty for other things that are not a `std::exception`.
  [[nodiscard]] std::string message() const;

  /// The history, in reading order: where it was raised comes first, the last to wait for it comes last. Steps without
  /// a location in the user's source are omitted: interloop does not know where an exception that escaped a callback
  /// was raised.
  [[nodiscard]] std::vector<trace_entry> trace() const;

  /// The return addresses of the stack on which a handler made the failure, innermost first, at most 128. Empty if the
  /// failure was made by interloop or from an exception passed to it, or if the target `throw_traces` is linked, which
  /// knows more. `catch_frames` in throw_traces.hpp looks the addresses up. Errors: `std::bad_alloc`.
  [[nodiscard]] std::vector<std::uintptr_t> catch_addresses() const;

  /// This failure as it looks to code that was not cancelled itself: if it is a `cancelled_error`, `operation_cancelled`
  /// with the same message and history; otherwise this. If memory is short, the failure holds a `std::bad_alloc`.
  [[nodiscard]] failure as_error() const noexcept;

  /// The same failure with one more step of history. Allocates; if that fails, the history stays as it is.
  [[nodiscard]] failure extended(trace_entry::kind what, std::source_location where) const noexcept;

 private:
  struct record;
  explicit failure(record* adopted) noexcept : record_(adopted) {}
  static const failure& out_of_memory() noexcept;
  /// The exception's type, or null where the C++ library does not tell it.
  [[nodiscard]] const std::type_info* thrown_type() const noexcept;
  static void retain(record* shared) noexcept;
  static void release(record* shared) noexcept;

  record* record_;
};

/// Makes a failure from the exception being handled. Throws `usage_error` outside of a `catch` block.
[[nodiscard, gnu::always_inline]] inline failure create_failure(
    std::source_location where = std::source_location::current()) {
  return failure(where);
}

/// Makes a failure from an exception object, or from a `std::exception_ptr`, which must not be null.
template <class Exception>
  requires(!std::is_same_v<std::remove_cvref_t<Exception>, std::source_location>)
[[nodiscard]] failure create_failure(Exception&& exception,
                                     std::source_location where = std::source_location::current()) {
  if constexpr (std::is_same_v<std::remove_cvref_t<Exception>, std::exception_ptr>) {
    return failure(std::forward<Exception>(exception), where);
  } else {
    return failure(std::make_exception_ptr(std::forward<Exception>(exception)), where);
  }
}

/// `type: message`, without newlines, fit to show to a user. Source: `txaio.failure_message`.
[[nodiscard]] std::string failure_message(const failure& fail);

/// The asynchronous history, first cause first. Source: `txaio.failure_traceback`.
[[nodiscard]] std::vector<trace_entry> failure_traceback(const failure& fail);

/// The exception, its nested causes and its history, over many lines. It also shows the call stack of the handler that
/// made the failure or, with the target `throw_traces`, that of each `throw` (see throw_traces.hpp). The first call
/// takes a millisecond, with the target tens of milliseconds. Source: `txaio.failure_format_traceback`.
[[nodiscard]] std::string failure_format_traceback(const failure& fail);

}  // namespace interloop
