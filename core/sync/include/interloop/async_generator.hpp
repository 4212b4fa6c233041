// SPDX-License-Identifier: MIT
// Coroutines that yield values one after the other, and may wait in between.
//
//     async_generator<int> ticks(api io) {
//       for (int i = 0;; ++i) {
//         co_await io.sleep(1s);
//         co_yield i;
//       }
//     }
//     …
//     auto all = ticks(io);
//     while (auto tick = co_await all.next()) use(*tick);
#pragma once

#include <interloop/detail/frame_new.hpp>
#include <interloop/detail/generator_core.hpp>
#include <interloop/error.hpp>
#include <interloop/future.hpp>

#include <coroutine>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

namespace interloop {

template <class T>
class async_generator;

namespace detail {

template <class T>
class generator_promise final : public generator_core {
 public:
  template <class... Args>
  explicit generator_promise(Args&... args) : generator_core(loop_among(args...)) {
    if (std::coroutine_handle<generator_promise>::from_promise(*this).address() != frame_being_made()) [[unlikely]]
      throw_frame_misplaced();
  }

  INTERLOOP_FRAME_NEW static void* operator new(std::size_t bytes) {
    return frame_being_made() = ::operator new(bytes);
  }
  INTERLOOP_FRAME_NEW static void operator delete(void* frame) noexcept { ::operator delete(frame); }

  async_generator<T> get_return_object() noexcept;

  /// Keeps the value in the frame until the body goes on.
  struct yielding {
    T value;

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<generator_promise> self) noexcept { self.promise().yielded(value); }
    void await_resume() const noexcept {}
  };
  template <class Value>
    requires std::is_constructible_v<T, Value>
  yielding yield_value(Value&& value) {
    return {T(std::forward<Value>(value))};
  }

  std::optional<T> take() {
    T* const value = std::exchange(value_, nullptr);
    if (!value) return std::nullopt;
    return std::optional<T>(std::move(*value));
  }

 private:
  void yielded(T& value) noexcept {
    value_ = &value;
    pause();
  }

  T* value_ = nullptr;  // in the frame; null when it was taken
};

template <class T>
class generator_next_awaiter final : public generator_reader {
 public:
  using generator_reader::generator_reader;

  std::optional<T> await_resume() { return static_cast<generator_promise<T>&>(arrived()).take(); }
};

}  // namespace detail

/// What `async_generator::next` returns. Nothing happens until it is awaited or becomes a future; use it at once.
template <class T>
class [[nodiscard]] generator_next {
 public:
  /// For callbacks. One allocation. Cancelling it cancels what the body awaits.
  [[nodiscard]] future<std::optional<T>> as_future() const {
    return detail::future_of<std::optional<T>>(*loop_, *this);
  }
  operator future<std::optional<T>>() const { return as_future(); }

  [[nodiscard]] detail::generator_next_awaiter<T> await_in(detail::promise_core& who,
                                                           std::source_location where) const noexcept {
    return {*from_, who, where};
  }

 private:
  friend class async_generator<T>;
  generator_next(detail::generator_core& from, loop& core) noexcept : from_(&from), loop_(&core) {}

  detail::generator_core* from_;
  loop* loop_;
};

/// What a coroutine returns that yields values of type `T`. Move-only. It belongs to a loop as every coroutine does: to
/// that of its first parameter that is one, or to the current one. Its body starts with the first `next()`.
///
/// Destroying it runs the body's cleanup. A body that is paused at a `co_yield` ends there: its variables are destroyed
/// at once. A body that waits is cancelled: what it awaits is, and the body sees `cancelled_error`; if it yields
/// nevertheless, it ends there. Closing the loop destroys a body that waits. It may outlive the loop.
///
/// One allocation when it is made; none for each value.
/// Thread safety: the loop's thread only.
/// Source: Python's asynchronous generators, `cppcoro::async_generator`.
/// \tparam T  an object type, which may be move-only.
template <class T>
class [[nodiscard]] async_generator {
  static_assert(std::is_object_v<T> && std::is_move_constructible_v<T>,
                "interloop: async_generator<T> needs a movable object type; yield pointers instead of references");

 public:
  using promise_type = detail::generator_promise<T>;

  /// Without a coroutine.
  async_generator() noexcept = default;
  async_generator(async_generator&& other) noexcept { take_over(other); }
  async_generator& operator=(async_generator&& other) noexcept {
    async_generator old(std::move(*this));
    take_over(other);
    return *this;
  }
  ~async_generator() {
    if (of_) std::exchange(of_, nullptr)->disown();
  }

  /// Whether it has a coroutine. False once closing the loop has destroyed the body.
  explicit operator bool() const noexcept { return of_ != nullptr; }

  /// `while (auto value = co_await all.next())`: lets the body go on until it yields a value, and takes that. Nothing
  /// when the body has ended, then and later. Does not suspend unless the body waits for something.
  ///
  /// Cancelling a coroutine that waits for this cancels what the body awaits; the body may clean up, and pass the
  /// exception on or not. A value that is yielded in the same turn stays for the next call. So does an exception that
  /// ends the body.
  /// Errors: `usage_error` if it has no coroutine, or if an earlier `next()` is not answered yet; what the body throws;
  /// `broken_promise` if this object is destroyed meanwhile; `loop_closed`.
  generator_next<T> next() {
    if (!of_)
      detail::throw_usage(
          "next: this async generator is empty (default-constructed, moved from, or its loop was closed); call the "
          "coroutine that makes one");
    auto& promise = static_cast<promise_type&>(*of_);
    detail::loop_access::check_thread(promise.of(), "async_generator::next");
    return {promise, promise.of()};
  }

 private:
  friend promise_type;
  explicit async_generator(promise_type& of) noexcept : of_(&of) { of.belong_to(of_); }
  void take_over(async_generator& other) noexcept {
    of_ = std::exchange(other.of_, nullptr);
    if (of_) of_->belong_to(of_);
  }

  detail::generator_core* of_ = nullptr;  // set to null by the frame when that is destroyed
};

namespace detail {

// The compiler must not see that the caller destroys the frame: clang would put the frame into the caller's, where it
// could not outlive the generator object.
template <class T>
async_generator<T> generator_promise<T>::get_return_object() noexcept {
  generator_promise* self = this;
  asm volatile("" : "+r"(self));
  return async_generator<T>(*self);
}

}  // namespace detail
}  // namespace interloop
