// SPDX-License-Identifier: MIT
// `co_await` on a future, and `future<T>` as the return type of a coroutine.
//
// Life cycle. A coroutine starts at once, in its caller. It belongs to the loop of its first parameter that is one (an
// `api`, a `loop&`, a loop's owner), or otherwise to the loop whose turn is running, or otherwise to the selected one.
// Its frame lies in the same block of memory as the state of its future: one allocation for both. Each `co_await` of a
// future that is not completed suspends it; it resumes in a turn of its loop. Its locals are destroyed when it returns,
// before the callbacks of its future run; dropping all handles does not stop it.
//
// Ownership. A suspended coroutine is owned by the future it awaits, and in turn holds that future, but only as a
// waiter: if only waiters are left, nobody can complete the future, and it fails. Destroying the continuation without
// calling it (the loop closes) destroys the frame, and with it the locals; the coroutine's future then fails with
// `loop_closed`.
//
// What is not a future can be awaited too: see awaitables.hpp.
//
// Thread safety: the loop's thread only.
#pragma once

#include <interloop/current_loop.hpp>
#include <interloop/detail/frame_new.hpp>
#include <interloop/detail/loop_access.hpp>
#include <interloop/future.hpp>

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <new>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

namespace interloop::detail {

template <class T, bool Taking>
class future_awaiter;

/// Makes the awaiter of anything else: see awaitables.hpp. `A` is a reference if it is awaited as an lvalue.
template <class A>
struct awaiter_for;

/// For the library's own coroutines: awaits `what` as if the user's source did so at `where`.
template <class T>
struct awaited_at {
  awaited_at(future<T>&& f, std::source_location place) noexcept : what(std::move(f)), where(place) {}
  future<T> what;
  std::source_location where;
};

class promise_core;

/// What a coroutine awaits, and where: lies in its frame.
struct await_record {
  future_core* what;
  std::source_location where;
};

/// What can be awaited without a future: it makes its own awaiter.
template <class A>
concept awaited_in_place =
    requires(A&& what, promise_core& who, std::source_location where) { static_cast<A&&>(what).await_in(who, where); };

/// The part of a coroutine's promise that does not depend on its type.
class promise_core {
 public:
  /// \param state  the state of its future; null for a coroutine that has none.
  explicit promise_core(future_core* state) noexcept : own_(state) {}

  [[nodiscard]] std::coroutine_handle<> self() const noexcept {
    return std::coroutine_handle<promise_core>::from_promise(const_cast<promise_core&>(*this));
  }
  /// The promise in a frame of one of the library's coroutines, which all begin with this.
  [[nodiscard]] static promise_core& of(void* frame) noexcept {
    return std::coroutine_handle<promise_core>::from_address(frame).promise();
  }
  /// The state of its future; null if it has none.
  [[nodiscard]] future_core* own() const noexcept { return own_; }
  /// The future that it awaits; null if it is not suspended in one.
  [[nodiscard]] const future_core* awaited() const noexcept { return awaiting_ ? awaiting_->what : nullptr; }

  /// Whether somebody has cancelled the coroutine's future.
  [[nodiscard]] bool cancelled() const noexcept { return cancelled_; }

  /// Returns what is to be cancelled, the awaited future or waiter, or null: then the next `co_await` throws.
  [[nodiscard]] pending* request_cancel(const failure& cancelled) {
    if (in_line_) return in_line_;
    if (awaiting_ && awaiting_->what->is_pending()) return awaiting_->what;
    requested_ = cancelled;
    return nullptr;
  }

  template <class U>
  auto await_transform(const future<U>& awaited, std::source_location where = std::source_location::current()) {
    return future_awaiter<U, false>(future_access::seen(awaited, "co_await"), *this, where);
  }
  template <class U>
  auto await_transform(future<U>&& awaited, std::source_location where = std::source_location::current()) {
    static_cast<void>(future_access::seen(awaited, "co_await"));
    return future_awaiter<U, true>(future_access::release(std::move(awaited)), *this, where);
  }
  template <awaited_in_place Operation>
  decltype(auto) await_transform(Operation&& what, std::source_location where = std::source_location::current()) {
    return static_cast<Operation&&>(what).await_in(*this, where);
  }
  template <class U>
  auto await_transform(awaited_at<U>&& awaited) {
    return await_transform(std::move(awaited.what), awaited.where);
  }
  template <class A>
    requires(!is_future_v<std::remove_cvref_t<A>> && !awaited_in_place<A>)
  auto await_transform(A&& awaited, std::source_location where = std::source_location::current()) {
    static_assert(
        requires { sizeof(awaiter_for<A>); },
        "interloop: to await what is not a future, include <interloop/awaitables.hpp>");
    return awaiter_for<A>::make(std::forward<A>(awaited), *this, where);
  }

 protected:
  template <class, bool>
  friend class future_awaiter;
  friend class foreign_waiter;
  friend class waiter;
  friend struct return_home;
  template <class>
  friend struct look_access;

  /// Resumes the coroutine in a turn of its own loop, if the loop of what it awaited is another.
  void go_home();
  [[noreturn]] void throw_requested() { std::exchange(requested_, std::nullopt)->rethrow(); }
  /// Throws the failure of what was awaited at `where`, as the coroutine is to see it.
  [[noreturn]] void throw_awaited(const failure& why, std::source_location where);
  /// In a `catch` block: the failure of a coroutine that was created at `place`, with its history.
  [[nodiscard]] failure escaped(std::source_location place) const noexcept;

  future_core* own_;
  loop* loop_ = nullptr;
  const await_record* awaiting_ = nullptr;
  pending* in_line_ = nullptr;        // the waiter that it is suspended in, instead of a future
  std::optional<failure> requested_;  // a cancellation that the next co_await throws
  std::optional<failure> seen_;       // what the last co_await threw, with its history
  bool cancelled_ = false;            // it was cancelled itself, perhaps through the future that it awaits
};

/// How a frame begins, by both compilers' ABI: with two pointers, and then the promise.
inline constexpr std::uint32_t promise_in_frame = 2 * sizeof(void*);

/// From a promise, for readers of memory: to the future that is awaited, and to the waiter.
extern const look_edge coroutine_edges[2];

/// For the library's own coroutines. `co_await` on it does not suspend: it says where the coroutine's future was created
/// in the user's source, and returns the promise.
struct created_at {
  std::source_location where;
};

/// Does not suspend, and returns the coroutine's promise.
struct promise_awaiter {
  const promise_core& own;
  [[nodiscard]] bool await_ready() const noexcept { return true; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  [[nodiscard]] const promise_core& await_resume() const noexcept { return own; }
};

/// Cancels a coroutine's future: follows the chain of coroutines that await each other, and cancels what the last one
/// awaits.
void cancel_coroutine(pending& first, const failure& cancelled);

/// The continuation of a coroutine that awaits a future of another loop: it resumes in a turn of its own.
struct return_home final : continuation {
  promise_core* waiter;

  explicit return_home(promise_core& who) noexcept : continuation{&code_of}, waiter(&who) {}

  static void code_of(continuation& base, future_core& core, visit how, std::size_t& size);
};

/// A future that is awaited. As an lvalue, it is held only while the coroutine is suspended; an rvalue (`Taking`) is
/// taken over.
template <class T, bool Taking>
class awaited_state {
 public:
  awaited_state(const awaited_state&) = delete;
  awaited_state& operator=(const awaited_state&) = delete;

 protected:
  awaited_state(future_state<T>& what, std::source_location where) noexcept : record_{&what, where} {}
  ~awaited_state() {
    if (held_ != held::not_yet) {
      state().release_for_waiter(held_ == held::as_waiter);
    } else if constexpr (Taking) {
      state().release();
    }
  }

  [[nodiscard]] future_state<T>& state() const noexcept { return static_cast<future_state<T>&>(*record_.what); }

  /// After a continuation was added.
  void hold() {
    held_ = state().retain_for_waiter() ? held::as_waiter : held::by_handle;
    if constexpr (Taking) state().release();  // perhaps nobody is left then who could complete it
  }
  /// There must be one.
  decltype(auto) value() {
    if constexpr (std::is_void_v<T>) {
      return;
    } else if constexpr (Taking) {
      return T(state().take_value(1));
    } else {
      return static_cast<const T&>(state().value());
    }
  }

  const await_record record_;

 private:
  enum class held : unsigned char { not_yet, as_waiter, by_handle };
  held held_ = held::not_yet;  // since the coroutine was suspended
};

/// The awaiter of a future in a coroutine of ours.
template <class T, bool Taking>
class future_awaiter : awaited_state<T, Taking> {
 public:
  future_awaiter(future_state<T>& what, promise_core& waiter, std::source_location where) noexcept
      : awaited_state<T, Taking>(what, where), waiter_(waiter) {}

  [[nodiscard]] bool await_ready() const noexcept { return !state().is_pending() || waiter_.requested_; }

  void await_suspend(std::coroutine_handle<> self) {
    future_state<T>& mine = state();
    if (waiter_.loop_ == &mine.loop()) {
      mine.add_resumption(self.address());
    } else {
      mine.template add<return_home>(waiter_);
    }
    waiter_.awaiting_ = &this->record_;
    this->hold();
  }

  decltype(auto) await_resume() {
    waiter_.awaiting_ = nullptr;
    if (!state().is_value() || waiter_.requested_) [[unlikely]]
      rethrow();
    return this->value();
  }

 private:
  using awaited_state<T, Taking>::state;

  [[noreturn]] void rethrow() {
    if (state().status() == status::failed) state().mark_observed();
    if (waiter_.requested_) waiter_.throw_requested();
    if (state().status() != status::failed) throw_no_value(state().status());
    waiter_.throw_awaited(state().get_failure(), this->record_.where);
  }

  promise_core& waiter_;
};

/// The loop named by a coroutine's parameters, or the current one.
inline loop& loop_among() { return current_loop(); }
template <class First, class... Rest>
loop& loop_among(First& first, Rest&... rest) {
  if constexpr (std::convertible_to<First&, loop&>) {
    return first;
  } else {
    return loop_among(rest...);
  }
}

/// g++ 12 believes the promise to be 8 bytes before where it is if the coroutine awaits a temporary in a condition.
[[noreturn]] void throw_frame_misplaced();

/// Does not suspend, but the compiler cannot know that. If a coroutine has no suspension point, clang puts the frame on
/// the stack and omits `operator new`, which makes the state in front of it.
struct initial_awaiter {
  [[nodiscard]] bool await_ready() const noexcept {
    bool ready = true;
    asm volatile("" : "+r"(ready));
    return ready;
  }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  void await_resume() const noexcept {}
};

template <class T>
class promise_base : public promise_core {
  static constexpr std::size_t alignment = __STDCPP_DEFAULT_NEW_ALIGNMENT__;
  static constexpr std::size_t state_bytes = (sizeof(future_state<T>) + alignment - 1) / alignment * alignment;
  static_assert(alignof(future_state<T>) <= alignment,
                "interloop: a coroutine cannot return an over-aligned type; return it behind a pointer");

  static future_state<T>& state_of(void* frame) noexcept {
    return *std::launder(reinterpret_cast<future_state<T>*>(static_cast<std::byte*>(frame) - state_bytes));
  }

 public:
  promise_base(const promise_base&) = delete;
  promise_base& operator=(const promise_base&) = delete;

  /// Makes the state in front of the frame. The frame holds the first reference to it.
  template <class... Args>
  INTERLOOP_FRAME_NEW static void* operator new(std::size_t frame_bytes, Args&&... args) {
    loop& core = loop_among(args...);
    loop_access::require_open(core, "coroutine");
    unsigned char kind;
    void* block = loop_access::blocks(core).take(state_bytes + frame_bytes, kind);
    auto* state = ::new (block) future_state<T>(core, std::source_location{}, kind, table);
    state->mark_coroutine();
    return static_cast<std::byte*>(block) + state_bytes;
  }
  INTERLOOP_FRAME_NEW static void operator delete(void* frame) noexcept { state_of(frame).release(); }

  future<T> get_return_object() noexcept { return future_access::wrap<T>(state_ptr<future_state<T>>(&state())); }

  // The default argument is evaluated in the coroutine, so it names the coroutine.
  initial_awaiter initial_suspend(std::source_location where = std::source_location::current()) noexcept {
    state().set_created(where);
    return {};
  }

  std::suspend_never final_suspend() noexcept {
    auto& mine = state();
    if (mine.is_pending()) mine.complete(mine.has_value() ? status::value : status::failed);
    return {};
  }

  void unhandled_exception() noexcept {
    auto& mine = state();
    if (!mine.is_pending()) return;  // the loop was closed meanwhile
    mine.set_failure(escaped(mine.created()));
    if (this->cancelled_) mine.mark_observed();
  }

  using promise_core::await_transform;
  promise_awaiter await_transform(created_at place) noexcept {
    state().set_created(place.where);
    return {*this};
  }

 protected:
  explicit promise_base(std::coroutine_handle<> self) : promise_core(&state_of(self.address())) {
    if (own_->ops != &table) [[unlikely]]
      throw_frame_misplaced();
    loop_ = &state().loop();
  }
  ~promise_base() {
    auto& mine = state();
    if (!mine.is_pending()) return;
    if (loop_->closed()) {
      mine.do_abandon(mine);
    } else {  // it awaited a future of another loop, which was closed: tell those who wait in this loop
      mine.set_failure(loop_access::closing_failure(*loop_));
      mine.complete(status::failed);
    }
  }

  [[nodiscard]] future_state<T>& state() const noexcept { return static_cast<future_state<T>&>(*own_); }

 private:
  static pending* pass_on(pending& base, const failure& cancelled, bool in_ring);

  static constexpr look about =
      look_of_future("coroutine", look::kind::coroutine, state_bytes + promise_in_frame, coroutine_edges, 2);
  static constexpr pending::operations table = future_state<T>::table_with(&cancel_coroutine, &pass_on, &about);
};

template <class T>
class promise final : public promise_base<T> {
 public:
  promise() : promise_base<T>(std::coroutine_handle<promise>::from_promise(*this)) {}

  template <class Value = T>
    requires std::is_constructible_v<T, Value>
  void return_value(Value&& value) {
    if (this->state().is_pending()) this->state().set_value(std::forward<Value>(value));
  }
};

template <>
class promise<void> final : public promise_base<void> {
 public:
  promise() : promise_base<void>(std::coroutine_handle<promise>::from_promise(*this)) {}
  void return_void() {
    if (state().is_pending()) state().set_value();
  }
};

template <class T>
pending* promise_base<T>::pass_on(pending& base, const failure& cancelled, bool in_ring) {
  auto& state = static_cast<future_state<T>&>(base);
  void* frame = reinterpret_cast<std::byte*>(&state) + state_bytes;
  promise_base<T>& self = std::coroutine_handle<promise<T>>::from_address(frame).promise();
  self.cancelled_ = true;
  if (!in_ring) return self.request_cancel(cancelled);
  state.set_failure(cancelled);
  state.mark_observed();
  state.complete(status::failed);
  return nullptr;
}

}  // namespace interloop::detail

template <class T, class... Args>
struct std::coroutine_traits<interloop::future<T>, Args...> {
  using promise_type = interloop::detail::promise<T>;
};
