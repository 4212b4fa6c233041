// SPDX-License-Identifier: MIT
// A promise that is settled in another thread: for libraries that call back in their own threads.
#pragma once

#include <interloop/bridge.hpp>
#include <interloop/failure.hpp>
#include <interloop/loop.hpp>

#include <cstddef>
#include <memory>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

namespace interloop {

namespace detail {

/// Calls `fn` in the loop's thread when the future ends, in any way. Does not count as a user of the value.
template <class F>
struct when_over final : continuation {
  F fn;

  explicit when_over(F given) noexcept : continuation{&code_of}, fn(std::move(given)) {}

  static void code_of(continuation& base, future_core&, visit how, std::size_t& size) {
    size = sizeof(when_over);
    if (how == visit::cancel) return;
    auto& self = static_cast<when_over&>(base);
    F fn(std::move(self.fn));
    self.~when_over();
    fn();
  }
};

}  // namespace detail

/// Settles a promise from any thread, even if the loop may be gone, as `loop_remote` does for a loop. The future is
/// completed in a later turn of its loop. The functions that settle return false if the loop is closed; only the loop's
/// thread knows whether the future was cancelled meanwhile, and for the caller that makes no difference.
///
/// Settling uses this up. If it is destroyed before, the future fails with `broken_promise`, as with a promise.
///
/// Thread safety: made in the loop's thread; from then on any thread, one at a time. One allocation, and one that
/// settles it.
/// Source: `loop_remote`.
template <class T>
class remote_promise {
 public:
  /// Without a promise. Settling it returns false.
  remote_promise() noexcept = default;

  /// In the loop's thread. Errors: `usage_error` if `end` is empty, `std::bad_alloc`.
  explicit remote_promise(promise<T> end) {
    const future<T> made = end.get_future();
    auto shared = std::make_shared<cell>(cell{made.loop().remote(), std::move(end)});
    if (shared->end.pending()) {
      const auto forget = [shared] { shared->end = {}; };
      detail::future_access::state(made).template add_bystander<detail::when_over<decltype(forget)>>(forget);
    } else {
      shared->end = {};
    }
    shared_ = std::move(shared);
  }

  remote_promise(remote_promise&&) noexcept = default;
  remote_promise& operator=(remote_promise other) noexcept {
    std::swap(shared_, other.shared_);
    return *this;
  }
  ~remote_promise() {
    try {
      settle([](promise<T>&) {});
    } catch (...) {  // no memory: the future stays pending until its loop closes
    }
  }

  /// As the functions of `promise`. Errors: exceptions of the value's constructor, and `std::bad_alloc`; nothing is
  /// settled then, and this can be used again.
  template <class... Value>
    requires(std::is_void_v<T> ? sizeof...(Value) == 0
                               : sizeof...(Value) == 1 && std::is_constructible_v<detail::stored<T>, Value...>)
  bool resolve(Value&&... value) {
    if constexpr (std::is_void_v<T>) {
      return settle([](promise<T>& end) { end.resolve(); });
    } else {
      return settle([given = T(std::forward<Value>(value)...)](promise<T>& end) mutable {
        try {
          end.resolve(std::move(given));
        } catch (...) {
          end.reject();
        }
      });
    }
  }
  template <class Exception>
  bool reject(Exception&& why, std::source_location where = std::source_location::current()) {
    if constexpr (std::is_same_v<std::remove_cvref_t<Exception>, failure>) {
      return settle([given = failure(std::forward<Exception>(why))](promise<T>& end) { end.reject(given); });
    } else {
      return reject(create_failure(std::forward<Exception>(why), where));
    }
  }
  bool cancelled(std::string message = "the operation was cancelled",
                 std::source_location where = std::source_location::current()) {
    return settle([message = std::move(message), where](promise<T>& end) { end.cancelled(message, where); });
  }

  /// As those of `promise`: for a callback's `void*`. Errors of `release`: `std::bad_alloc`.
  [[nodiscard]] void* release() { return shared_ ? new remote_promise(std::move(*this)) : nullptr; }
  [[nodiscard]] static remote_promise adopt(void* released) noexcept {
    const std::unique_ptr<remote_promise> back(static_cast<remote_promise*>(released));
    return back ? std::move(*back) : remote_promise();
  }

 private:
  struct cell {
    loop_remote where;
    promise<T> end;  // the loop's thread only; empty at the latest when that closes
  };

  template <class Settle>
  bool settle(Settle how) {
    if (!shared_) return false;
    try {
      shared_->where.post([shared = shared_, how = std::move(how)]() mutable {
        promise<T> end = std::move(shared->end);
        how(end);
      });
    } catch (const loop_closed&) {
      shared_ = {};
      return false;
    }
    shared_ = {};
    return true;
  }

  std::shared_ptr<cell> shared_;
};

}  // namespace interloop
