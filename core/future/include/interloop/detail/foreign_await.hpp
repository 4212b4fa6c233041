// SPDX-License-Identifier: MIT
// How a coroutine of a loop awaits what is not a future.
//
// The other side does not get the coroutine's own handle: it may resume in any thread, after the loop closed, or never,
// while the coroutine belongs to its loop and is destroyed with it. It gets the handle of a *carrier*, a small coroutine
// that owns the awaitable, awaits it as the language says, and keeps the result. When it has that, it tells the loop.
//
// Life cycle. A `foreign_cell` lies in front of the carrier's frame, in one block of memory, which both the frame and
// the coroutine that awaits hold. Whichever of the two is done last destroys the frame: the coroutine at the end of the
// expression with the `co_await`, so that a result may refer to the awaitable; or the thread that ends an await which
// nobody waits for any more.
#pragma once

#include <interloop/coroutine.hpp>
#include <interloop/detail/frame_new.hpp>
#include <interloop/loop.hpp>

#include <atomic>
#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <new>
#include <source_location>
#include <type_traits>
#include <utility>

namespace interloop {

template <class Awaitable>
struct await_traits;

namespace detail {

class foreign_waiter;

/// What a carrier and the coroutine that awaits share. The functions say who calls them.
class foreign_cell {
 public:
  explicit foreign_cell(loop& home) noexcept : core_(&home), home_(home.remote()) {}
  foreign_cell(const foreign_cell&) = delete;
  foreign_cell& operator=(const foreign_cell&) = delete;

  static constexpr std::size_t alignment = __STDCPP_DEFAULT_NEW_ALIGNMENT__;
  static foreign_cell& of(void* frame) noexcept;

  void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept;

  // ---- The carrier, in the thread that started it ----
  void hand_over() noexcept { now_.store(state::waiting, std::memory_order_relaxed); }
  /// The other side did not want the handle.
  void take_back() noexcept { now_.store(state::held, std::memory_order_relaxed); }

  // ---- The carrier, in any thread ----
  /// It is suspended for the last time. May destroy `frame`, as another thread may from here on.
  void end(std::coroutine_handle<> frame) noexcept;
  void frame_is_destroyed() noexcept;

 private:
  friend class foreign_waiter;
  enum class state : unsigned char {
    held,       // nobody else has the handle: it has not started, or has ended without being suspended
    waiting,    // the other side has the handle
    ended,      // the result is there, and the frame is suspended for the last time
    abandoned,  // nobody waits any more: when it ends, it destroys itself
    gone,       // the frame was destroyed
  };

  void tell() noexcept;

  std::atomic<unsigned> references_{1};  // the frame's
  std::atomic<state> now_{state::held};  // `end` and `abandon` each exchange it, and the later one destroys the frame
  loop* const core_;                     // only to be compared
  const loop_remote home_;
  foreign_waiter* waiter_ = nullptr;  // the loop's thread only
};

inline constexpr std::size_t foreign_cell_bytes =
    (sizeof(foreign_cell) + foreign_cell::alignment - 1) / foreign_cell::alignment * foreign_cell::alignment;

inline foreign_cell& foreign_cell::of(void* frame) noexcept {
  return *std::launder(reinterpret_cast<foreign_cell*>(static_cast<std::byte*>(frame) - foreign_cell_bytes));
}

/// The part of the awaiter that does not depend on the awaitable. Lives in the frame of the coroutine that awaits.
class foreign_waiter {
 public:
  foreign_waiter(const foreign_waiter&) = delete;
  foreign_waiter& operator=(const foreign_waiter&) = delete;

  /// Starts the await. Returns whether it is over: the coroutine then goes on without being suspended.
  bool await_ready();
  void await_suspend(std::coroutine_handle<> self);

  /// The carrier has ended or is destroyed. Called by its cell, in the loop's thread.
  void arrived() noexcept;

 protected:
  using asking = void (*)(std::coroutine_handle<> frame);

  /// \param ask  asks the awaitable to stop; null if it has no way.
  foreign_waiter(promise_core& waiter, std::source_location where, asking way, bool destroyable) noexcept
      : waiter_(waiter), record_{nullptr, where}, ask_(way), destroyable_(destroyable) {}
  ~foreign_waiter();

  [[nodiscard]] loop& home() const noexcept { return *waiter_.loop_; }
  void owns(std::coroutine_handle<> frame) noexcept;
  /// Throws if there is no result, because the coroutine was cancelled or the carrier destroyed.
  void require_result();
  [[noreturn]] void rethrow(const std::exception_ptr& thrown);

 private:
  void ask() {
    if (cell_->now_.load(std::memory_order_acquire) == foreign_cell::state::waiting && !std::exchange(asked_, true))
      ask_(frame_);
  }

  promise_core& waiter_;
  await_record record_;
  asking ask_;
  foreign_cell* cell_ = nullptr;
  std::coroutine_handle<> frame_;
  state_ptr<future_state<void>> signal_;  // what the coroutine awaits in its own loop, if it is suspended
  bool destroyable_;
  bool told_ = false;
  bool asked_ = false;
};

template <class A>
concept awaited_by_member = requires(A&& a) { static_cast<A&&>(a).operator co_await(); };
template <class A>
concept awaited_by_function = requires(A&& a) { operator co_await(static_cast<A&&>(a)); };

/// What `co_await` calls the three functions of, as the language says: a new object, or `awaitable` itself.
template <class A>
decltype(auto) awaiter_of(A&& awaitable) {
  if constexpr (awaited_by_member<A>) {
    return static_cast<A&&>(awaitable).operator co_await();
  } else if constexpr (awaited_by_function<A>) {
    return operator co_await(static_cast<A&&>(awaitable));
  } else {
    return (awaitable);
  }
}

/// What `interloop::in_place` returns.
template <class F>
struct made_in_place {
  explicit made_in_place(F fn) : make(std::move(fn)) {}  // g++ 12 destroys an aggregate in a `co_await` twice
  F make;
};
template <class Kept>
inline constexpr bool is_made_in_place = false;
template <class F>
inline constexpr bool is_made_in_place<made_in_place<F>> = true;

/// What a carrier awaits: what it was given, or what the function that it was given makes.
template <class Kept>
decltype(auto) object_of(std::remove_reference_t<Kept>& kept) {
  if constexpr (is_made_in_place<Kept>) {
    return kept.make();
  } else {
    return static_cast<Kept&&>(kept);
  }
}

template <class R>
class kept_result {
 public:
  kept_result() noexcept {}
  kept_result(const kept_result&) = delete;
  kept_result& operator=(const kept_result&) = delete;
  ~kept_result() {
    if (has_) value_.~R();
  }
  template <class Awaiter>
  void keep(Awaiter& from) {
    ::new (static_cast<void*>(__builtin_addressof(value_))) R(from.await_resume());
    has_ = true;
  }
  R take() { return static_cast<R&&>(value_); }

 private:
  union {
    R value_;
  };
  bool has_ = false;
};
template <class R>
  requires std::is_reference_v<R>
class kept_result<R> {
 public:
  template <class Awaiter>
  void keep(Awaiter& from) {
    R value = from.await_resume();
    value_ = __builtin_addressof(value);
  }
  R take() const noexcept { return static_cast<R>(*value_); }

 private:
  std::remove_reference_t<R>* value_ = nullptr;
};
template <>
class kept_result<void> {
 public:
  template <class Awaiter>
  void keep(Awaiter& from) {
    from.await_resume();
  }
  void take() const noexcept {}
};

template <class Kept>
class carrier_promise;

/// A carrier's handle. `Kept` is what its frame keeps: an object, or a reference to one.
template <class Kept>
struct carrier {
  using promise_type = carrier_promise<Kept>;
  using object = decltype(object_of<Kept>(std::declval<std::remove_reference_t<Kept>&>()));
  using awaiter = decltype(awaiter_of(std::declval<object>()));
  std::coroutine_handle<promise_type> frame;
};

/// Awaited by a carrier instead of the awaiter, to know whether the other side has got the handle.
template <class Object, class Awaiter>
class handing_over {
 public:
  handing_over(Object& object, Awaiter& awaiter) noexcept : object_(object), awaiter_(awaiter) {}
  handing_over(const handing_over&) = delete;
  handing_over& operator=(const handing_over&) = delete;

  [[nodiscard]] bool await_ready() const noexcept { return false; }

  // Once the other side has the handle, the carrier may go on in another thread, or be destroyed. So nothing of it is
  // used then; and this is not inlined, so that the compiler keeps nothing in the carrier's frame.
  template <class Promise>
  [[gnu::noinline]] std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> frame) {
    frame.promise().object = &object_;
    frame.promise().awaiter = &awaiter_;
    foreign_cell& cell = foreign_cell::of(frame.address());
    cell.hand_over();
    try {
      using returned = decltype(awaiter_.await_suspend(frame));
      if constexpr (std::is_void_v<returned>) {
        awaiter_.await_suspend(frame);
        return std::noop_coroutine();
      } else if constexpr (std::is_convertible_v<returned, std::coroutine_handle<>>) {
        return awaiter_.await_suspend(frame);
      } else {
        if (awaiter_.await_suspend(frame)) return std::noop_coroutine();
        cell.take_back();
        return frame;
      }
    } catch (...) {
      cell.take_back();
      throw;
    }
  }
  void await_resume() const noexcept {}

 private:
  Object& object_;
  Awaiter& awaiter_;
};

struct carrier_end {
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> frame) const noexcept { foreign_cell::of(frame.address()).end(frame); }
  void await_resume() const noexcept {}
};

template <class Kept>
class carrier_promise {
 public:
  using awaiter_type = std::remove_reference_t<typename carrier<Kept>::awaiter>;
  using object_type = std::remove_reference_t<typename carrier<Kept>::object>;
  using result_type = decltype(std::declval<awaiter_type&>().await_resume());

  carrier_promise() noexcept = default;
  carrier_promise(const carrier_promise&) = delete;
  carrier_promise& operator=(const carrier_promise&) = delete;
  ~carrier_promise() { foreign_cell::of(handle().address()).frame_is_destroyed(); }

  template <class... Rest>
  INTERLOOP_FRAME_NEW static void* operator new(std::size_t frame_bytes, loop& home, Rest&&...) {
    void* block = ::operator new(foreign_cell_bytes + frame_bytes);
    ::new (block) foreign_cell(home);
    return static_cast<std::byte*>(block) + foreign_cell_bytes;
  }
  INTERLOOP_FRAME_NEW static void operator delete(void* frame) noexcept { foreign_cell::of(frame).release(); }

  carrier<Kept> get_return_object() noexcept { return {handle()}; }
  std::suspend_always initial_suspend() const noexcept { return {}; }
  carrier_end final_suspend() const noexcept { return {}; }
  void return_void() const noexcept {}
  void unhandled_exception() noexcept { thrown = std::current_exception(); }
  /// Takes the result. The carrier stays suspended in its body, so that the awaiter lives as long as the result is used.
  carrier_end yield_value(awaiter_type& from) {
    result.keep(from);
    return {};
  }

  object_type* object = nullptr;  // while it is suspended
  awaiter_type* awaiter = nullptr;
  std::exception_ptr thrown;
  kept_result<result_type> result;

 private:
  [[nodiscard]] std::coroutine_handle<carrier_promise> handle() noexcept {
    return std::coroutine_handle<carrier_promise>::from_promise(*this);
  }
};

// Not inlined, so that clang does not put the frame, which a cell precedes, into that of the caller.
template <class Kept>
[[gnu::noinline]] carrier<Kept> carry(loop&, Kept kept) {
  auto&& object = object_of<Kept>(kept);
  auto&& awaiter = awaiter_of(static_cast<typename carrier<Kept>::object&&>(object));
  if (!awaiter.await_ready()) co_await handing_over(object, awaiter);
  co_yield awaiter;
}

/// Whether `co_await` in a coroutine of ours may get an `A`, as a reference or an object. If not, the compiler's first
/// error says why.
template <class A>
consteval bool require_awaitable() {
  constexpr bool moves = std::is_lvalue_reference_v<A> || std::is_move_constructible_v<std::remove_cv_t<A>>;
  static_assert(moves,
                "interloop: this awaitable cannot be moved to a place where it outlives the coroutine: pass a function "
                "that makes it, co_await interloop::in_place([&] { return ...; }), or await a variable");
  if constexpr (moves) {
    using kept = std::conditional_t<std::is_lvalue_reference_v<A>, A, std::remove_cv_t<A>>;
    using awaiter = std::remove_reference_t<typename carrier<kept>::awaiter>;
    constexpr bool three = requires(awaiter& a) {
      a.await_ready() ? 0 : 0;
      a.await_resume();
    };
    static_assert(three,
                  "interloop: co_await needs a future or an awaitable: an object with operator co_await, or with "
                  "await_ready, await_suspend and await_resume");
    if constexpr (three) {
      constexpr bool takes_any =
          requires(awaiter& a, std::coroutine_handle<carrier_promise<kept>> h) { a.await_suspend(h); };
      static_assert(takes_any,
                    "interloop: this awaitable can be awaited only in coroutines of its own library, because its "
                    "await_suspend takes only their handles; look for another way out of that library, such as a "
                    "callback, and see interloop/bridge.hpp");
      return takes_any;
    }
  }
  return false;
}

/// The awaiter of what is not a future: `A` is a reference if it is awaited as an lvalue.
template <class A>
class foreign_awaiter final : public foreign_waiter {
  using kept = std::conditional_t<std::is_lvalue_reference_v<A>, A, std::remove_cv_t<A>>;
  using promise = carrier_promise<kept>;
  using traits = await_traits<std::remove_cv_t<typename promise::object_type>>;
  static_assert(alignof(std::remove_reference_t<kept>) <= foreign_cell::alignment || std::is_lvalue_reference_v<A>,
                "interloop: an over-aligned awaitable cannot be moved; await a variable");

  static constexpr bool by_traits = requires(typename promise::object_type& object) { traits::cancel(object); };
  static constexpr bool by_awaiter = requires(typename promise::awaiter_type& awaiter) { awaiter.cancel(); };
  static constexpr bool by_object = requires(typename promise::object_type& object) { object.cancel(); };

  static void ask_to_stop(std::coroutine_handle<> frame) {
    promise& running = std::coroutine_handle<promise>::from_address(frame.address()).promise();
    if constexpr (by_traits) {
      traits::cancel(*running.object);
    } else if constexpr (by_awaiter) {
      running.awaiter->cancel();
    } else if constexpr (by_object) {
      running.object->cancel();
    }
  }
  static consteval bool is_destroyable() {
    if constexpr (requires { traits::destroyable; }) return traits::destroyable;
    return false;
  }

 public:
  foreign_awaiter(A&& awaitable, promise_core& waiter, std::source_location where)
      : foreign_waiter(waiter, where, by_traits || by_awaiter || by_object ? &ask_to_stop : nullptr, is_destroyable()),
        carrier_(carry<kept>(home(), std::forward<A>(awaitable)).frame) {
    owns(carrier_);
  }

  typename promise::result_type await_resume() {
    require_result();
    if (carrier_.promise().thrown) rethrow(carrier_.promise().thrown);
    return carrier_.promise().result.take();
  }

 private:
  std::coroutine_handle<promise> carrier_;
};

template <class A>
struct awaiter_for {
  static auto make(A&& awaited, promise_core& waiter, std::source_location where) {
    if constexpr (require_awaitable<A>()) {
      return foreign_awaiter<A>(std::forward<A>(awaited), waiter, where);
    } else {
      return std::suspend_never();
    }
  }
};

}  // namespace detail
}  // namespace interloop
