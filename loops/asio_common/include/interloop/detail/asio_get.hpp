// SPDX-License-Identifier: MIT
// A future goes out to a completion token: the operation behind `async_get`, for every flavour of Asio. `Net` has the
// flavour's names (`standalone_asio_tokens`).
//
// The operation is the future's observer, so the handler is called whatever becomes of the future. It owns the handler,
// a hold on the loop and a work guard on the handler's executor, so neither loop ends while it is pending.
#pragma once

#include <interloop/bridge.hpp>
#include <interloop/detail/asio_port.hpp>
#include <interloop/loop.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace interloop::detail {

/// What the handler of a future is called with.
template <class T>
struct asio_get_signature {
  using type = void(std::exception_ptr, T);
};
template <>
struct asio_get_signature<void> {
  using type = void(std::exception_ptr);
};

template <class Net, class Handler>
using asio_executor_of = std::decay_t<decltype(Net::executor_of(std::declval<const Handler&>()))>;
template <class Net, class Handler>
using asio_allocator_of = std::decay_t<decltype(Net::allocator_of(std::declval<const Handler&>()))>;

/// Whether a handler has no executor, but what Asio gives to such handlers: it is called in the loop's turn.
template <class Net, class Handler>
inline constexpr bool is_anywhere = std::is_same_v<asio_executor_of<Net, Handler>, asio_executor_of<Net, void (*)()>>;

/// A handler with what it is going to be called with, for its executor.
template <class Net, class T, class Handler>
class asio_completion {
 public:
  using executor_type = asio_executor_of<Net, Handler>;
  using allocator_type = asio_allocator_of<Net, Handler>;

  asio_completion(Handler&& handler, outcome<T>& ended) : handler_(std::move(handler)) {
    try {
      if (const failure* why = ended.take_failure()) {
        error_ = why->exception();
      } else if constexpr (!std::is_void_v<T>) {
        value_.emplace(ended.take());
      }
    } catch (...) {  // the value's copy
      error_ = std::current_exception();
    }
    fill();
  }
  asio_completion(Handler&& handler, std::exception_ptr error)
      : handler_(std::move(handler)), error_(std::move(error)) {
    fill();
  }

  executor_type get_executor() const noexcept { return Net::executor_of(handler_); }
  allocator_type get_allocator() const noexcept { return Net::allocator_of(handler_); }

  void operator()() {
    if constexpr (std::is_void_v<T>) {
      std::move(handler_)(std::move(error_));
    } else {
      std::move(handler_)(std::move(error_), std::move(*value_));
    }
  }

  /// Calls the handler where it belongs. The caller is in the loop's turn, and not inside of what started this.
  static void deliver(asio_completion ready) {
    if constexpr (is_anywhere<Net, Handler>) {
      ready();
    } else {
      Net::dispatch_own(std::move(ready));
    }
  }
  /// The same, but the handler is called later, unless it does not matter to its executor where: the system's threads
  /// are not started for it.
  static void deliver_later(asio_completion ready) {
    if constexpr (!is_anywhere<Net, Handler>) {
      if (!Net::is_system(ready.get_executor())) return Net::post_own(std::move(ready));
    }
    ready();
  }

 private:
  /// A handler takes a value even if there is none.
  void fill() {
    if constexpr (!std::is_void_v<T>) {
      if (!value_) value_.emplace();
    }
  }

  Handler handler_;
  std::exception_ptr error_;
  [[no_unique_address]] std::optional<stored<T>> value_;
};

/// The observer.
template <class Net, class T, class Handler>
class asio_get_operation {
 public:
  using completion = asio_completion<Net, T, Handler>;

  asio_get_operation(Handler&& handler, loop& core)
      : hold_(core.hold()), work_(innermost(Net::executor_of(handler))), handler_(std::move(handler)) {}

  void operator()(outcome<T>& ended) {
    if (ended.closing()) {
      completion::deliver_later(completion(std::move(handler_), ended));
    } else {
      completion::deliver(completion(std::move(handler_), ended));
    }
  }

  /// It could not become an observer.
  void fail(std::exception_ptr why) { completion::deliver_later(completion(std::move(handler_), std::move(why))); }

  auto get_allocator() const noexcept { return Net::allocator_of(handler_); }

 private:
  loop_hold hold_;
  typename Net::template work_guard<decltype(innermost(std::declval<asio_executor_of<Net, Handler>>()))> work_;
  Handler handler_;
};

/// An operation in memory of its handler's allocator. The memory is given back before the handler is called.
template <class Operation, class Allocator>
class asio_allocated {
  using traits = typename std::allocator_traits<Allocator>::template rebind_traits<Operation>;
  using allocator = typename traits::allocator_type;
  struct deleter {
    allocator from;
    void operator()(Operation* what) {
      traits::destroy(from, what);
      traits::deallocate(from, what, 1);
    }
  };

 public:
  /// Errors: what allocating throws; `moved` is then as it was.
  explicit asio_allocated(Operation& moved) : what_(nullptr, deleter{allocator(moved.get_allocator())}) {
    auto& from = what_.get_deleter().from;
    Operation* const memory = traits::allocate(from, 1);
    traits::construct(from, memory, std::move(moved));
    what_.reset(memory);
  }

  template <class T>
  void operator()(outcome<T>& ended) {
    Operation moved(std::move(*what_));
    what_.reset();
    moved(ended);
  }
  Operation& operator*() noexcept { return *what_; }

 private:
  std::unique_ptr<Operation, deleter> what_;
};

/// What a cancellation slot calls. It may be destroyed by that, because the slot may be used again.
class asio_get_canceller {
 public:
  asio_get_canceller() noexcept = default;
  asio_get_canceller(const asio_get_canceller&) = delete;
  asio_get_canceller& operator=(const asio_get_canceller&) = delete;
  ~asio_get_canceller() {
    if (running_) running_->self = nullptr;
  }

  void observe(observation of) noexcept { of_ = std::move(of); }

  /// Every type of cancellation asks the future to end.
  template <class CancellationType>
  void operator()(CancellationType) {
    if (!of_ || running_) return;
    call now{this, std::move(of_)};
    running_ = &now;
    now.of.cancel();
  }

 private:
  struct call {
    asio_get_canceller* self;
    observation of;
    ~call() {
      if (!self) return;
      self->running_ = nullptr;
      self->of_ = std::move(of);  // what is cancelled may ignore it, and be asked again
    }
  };

  observation of_;
  call* running_ = nullptr;
};

/// The initiation of `async_get`.
template <class Net>
class asio_get {
 public:
  template <class Handler, class T>
  void operator()(Handler&& handler, future<T> f) const {  // by value: a coroutine's frame may have it
    using handler_type = std::decay_t<Handler>;
    using operation = asio_get_operation<Net, T, handler_type>;
    loop& core = f.loop();
    if (core.closed()) {
      const auto why = std::make_exception_ptr(loop_closed("async_get: the future's loop is closed"));
      if constexpr (is_anywhere<Net, handler_type>) std::rethrow_exception(why);
      using completion = typename operation::completion;
      return completion::deliver_later(completion(handler_type(std::forward<Handler>(handler)), why));
    }
    handler_type mine(std::forward<Handler>(handler));
    if constexpr (Net::has_slots) {
      auto slot = Net::slot_of(mine);
      operation made(std::move(mine), core);
      if (slot.is_connected()) {
        asio_get_canceller* canceller = nullptr;
        try {
          canceller = &slot.template emplace<asio_get_canceller>();
        } catch (...) {
          return fail(made);
        }
        return canceller->observe(start(f, made));
      }
      start(f, made);
    } else {
      operation made(std::move(mine), core);
      start(f, made);
    }
  }

 private:
  /// The future gets its observer. If there is no memory for that, the handler is told.
  template <class T, class Handler>
  static observation start(const future<T>& f, asio_get_operation<Net, T, Handler>& made) {
    using operation = asio_get_operation<Net, T, Handler>;
    using allocator = asio_allocator_of<Net, Handler>;
    if constexpr (std::is_same_v<allocator, std::allocator<void>>) {
      try {
        return interloop::observe(f, std::move(made));
      } catch (...) {
        fail(made);
      }
    } else {
      std::optional<asio_allocated<operation, allocator>> kept;
      try {
        kept.emplace(made);
        return interloop::observe(f, std::move(*kept));
      } catch (...) {
        fail(kept ? **kept : made);
      }
    }
    return {};
  }

  /// In a handler of exceptions. A handler without an executor could only be called here, so it is not.
  template <class T, class Handler>
  static void fail(asio_get_operation<Net, T, Handler>& made) {
    if constexpr (is_anywhere<Net, Handler>) {
      throw;
    } else {
      made.fail(std::current_exception());
    }
  }
};

}  // namespace interloop::detail
