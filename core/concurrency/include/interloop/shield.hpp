// SPDX-License-Identifier: MIT
// Protects an operation from the cancellation of those who wait for it.
#pragma once

#include <interloop/bridge.hpp>
#include <interloop/error.hpp>
#include <interloop/future.hpp>

#include <source_location>
#include <type_traits>
#include <utility>

namespace interloop {

/// A future of what `f` gives. Cancelling the returned future fails that one at once with `cancelled_error`, and leaves
/// `f` alone: it goes on, its value stays in it for those who have a handle, and its failure is reported if nobody
/// looks at it. Cancelling `f` itself works as ever. Needed where several wait for one operation, or where it must not
/// stop half-way.
///
/// If nobody can complete `f` any more, the result is `broken_promise`. The value is moved if `f` was the last handle.
/// In the loop's thread; the returned future belongs to the loop of `f`. One allocation, and one more if `f` has a
/// canceller, callbacks or waiters. Errors: `usage_error` if `f` is empty, `loop_closed`, `std::bad_alloc`.
/// Source: asyncio `shield`.
template <class T>
[[nodiscard]] future<T> shield(const future<T>& f, std::source_location where = std::source_location::current()) {
  const future<T> outside = detail::make_future<T>(f.loop(), where);
  observe(f, [outside](outcome<T>& ended) {
    if (is_called(outside)) {
      const failure* unseen = ended.peek_failure();
      if (unseen && unseen->is<broken_promise>()) static_cast<void>(ended.take_failure());  // nobody waits any more
      return;
    }
    if (ended.closing()) return;  // which fails `outside` too
    const std::source_location place = detail::future_access::state(outside).created();
    if (const failure* why = ended.take_failure()) {
      reject(outside, why->extended(trace_entry::kind::awaited, place));
      return;
    }
    try {
      if constexpr (std::is_void_v<T>) {
        resolve(outside);
      } else {
        resolve(outside, ended.take());
      }
    } catch (...) {  // the value's copy threw
      reject(outside, place);
    }
  });
  return outside;
}

}  // namespace interloop
