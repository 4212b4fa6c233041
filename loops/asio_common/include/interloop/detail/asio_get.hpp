// SPDX-License-Identifier: MIT
// A future goes out to a completion token: the operation behind `async_get`, for every flavour of Asio. `Net` has the
// flavour's names (`standalone_asio_tokens`).
//
// The operation is the future's observer, so the handler is called whatever becomes of the future. It owns the handler,
// a hold on the loop and, unless that is the same context, a work guard on the handler's executor.
#pragma once

#include <interloop/bridge.hpp>
#include <interloop/detail/asio_port.hpp>
#include <interloop/detail/loop_access.hpp>
#include <interloop/loop.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

namespace interloop::detail {

/// What the handler of a future is called with.
template <class T>
struct asio_get_signature {
  static_assert(std::is_default_constructible_v<T>,
                "interloop: async_get needs a value that can be default-constructed, because a completion handler is "
                "called with a value even if there is an error; use a future of a std::optional or of a pointer");
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

  /// Calls the handler later on its executor, unless it does not matter there where: the system's threads are not
  /// started for it.
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

/// Whether a handler may be called in a turn of the loop, without asking its executor: that is the context in which the
/// turn runs, or none.
template <class Net, class Handler>
bool runs_in_turns(const Handler& handler, const loop& core) {
  using executor = asio_executor_of<Net, Handler>;
  if constexpr (is_anywhere<Net, Handler>) {
    return true;
  } else if constexpr (asio_strand<executor>) {
    return false;
  } else {
    const auto* const port = asio_port_of<typename Net::of_port>::find(core);
    const auto* const context = port ? port->context() : nullptr;
    return context && io_context_of<Net>(Net::executor_of(handler)) == context;
  }
}

/// The operation: the future's observer, in memory of its own (`asio_held`).
template <class Net, class T, class Handler>
class asio_get_operation {
  using guard = typename Net::template work_guard<decltype(innermost(std::declval<asio_executor_of<Net, Handler>>()))>;

 public:
  using completion = asio_completion<Net, T, Handler>;

  asio_get_operation(Handler&& handler, loop& core) : hold_(core.hold()) {
    if (!runs_in_turns<Net>(handler, core)) work_.emplace(innermost(Net::executor_of(handler)));
    handler_.emplace(std::move(handler));
  }

  void operator()(outcome<T>& ended) {
    completion ready(std::move(*handler_), ended);
    if (ended.closing()) {
      completion::deliver_later(std::move(ready));
    } else if (!work_) {
      ready();
    } else {
      Net::dispatch_own(std::move(ready));
    }
  }

  /// It could not become an observer.
  void fail(std::exception_ptr why) { completion::deliver_later(completion(std::move(*handler_), std::move(why))); }

 private:
  loop_hold hold_;             // the loop's context is kept running by this
  std::optional<guard> work_;  // another one by this
  std::optional<Handler> handler_;
};

/// Owns an operation in memory of an allocator, which is given back before the handler is called. As small as a pointer,
/// so that it fits into the future.
template <class Operation, class Allocator>
class asio_held {
 public:
  /// Errors: what allocating throws; the handler is then as it was.
  template <class Handler>
  asio_held(Handler& handler, loop& core, Allocator from) {
    allocator mine(from);
    block* const memory = traits::allocate(mine, 1);
    what_.reset(::new (static_cast<void*>(memory)) block{Operation(std::move(handler), core), mine});
  }

  template <class T>
  void operator()(outcome<T>& ended) {
    Operation moved(std::move(what_->operation));
    what_.reset();
    moved(ended);
  }
  Operation& operator*() noexcept { return what_->operation; }

 private:
  struct block;
  using traits = typename std::allocator_traits<Allocator>::template rebind_traits<block>;
  using allocator = typename traits::allocator_type;
  struct block {
    Operation operation;
    [[no_unique_address]] allocator from;
  };
  struct deleter {
    void operator()(block* what) const noexcept {
      allocator from(std::move(what->from));
      what->~block();
      traits::deallocate(from, what, 1);
    }
  };
  std::unique_ptr<block, deleter> what_;
};

/// Memory of the loop, for handlers without an allocator of their own. The loop's thread only.
template <class T>
class loop_allocator {
 public:
  using value_type = T;

  explicit loop_allocator(loop& core) noexcept : core_(&core) {}
  template <class U>
  loop_allocator(const loop_allocator<U>& other) noexcept : core_(other.core_) {}

  T* allocate(std::size_t count) {
    loop_access::retain(*core_);
    try {
      return static_cast<T*>(loop_access::blocks(*core_).take(count * sizeof(T), kind_));
    } catch (...) {
      loop_access::release(*core_);
      throw;
    }
  }
  void deallocate(T* memory, std::size_t) noexcept {
    loop_access::blocks(*core_).give_back(memory, kind_);
    loop_access::release(*core_);
  }
  template <class U>
  bool operator==(const loop_allocator<U>& other) const noexcept {
    return core_ == other.core_;
  }

 private:
  template <class>
  friend class loop_allocator;
  loop* core_;
  unsigned char kind_ = 0;  // of the block that this allocated
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
    loop_access::require_open(core, "async_get");  // checks the thread
    handler_type mine(std::forward<Handler>(handler));
    if constexpr (Net::has_slots) {
      auto slot = Net::slot_of(mine);
      if (slot.is_connected()) {
        asio_get_canceller* canceller = nullptr;
        try {
          canceller = &slot.template emplace<asio_get_canceller>();
        } catch (...) {
          return fail<operation>(mine);
        }
        return canceller->observe(start<operation>(f, mine));
      }
    }
    start<operation>(f, mine);
  }

 private:
  /// The future gets its observer. If there is no memory for that, the handler is told.
  template <class Operation, class T, class Handler>
  static observation start(const future<T>& f, Handler& handler) {
    if constexpr (std::is_same_v<asio_allocator_of<Net, Handler>, std::allocator<void>>) {
      return start<Operation>(f, handler, loop_allocator<std::byte>(f.loop()));
    } else {
      return start<Operation>(f, handler, Net::allocator_of(handler));
    }
  }
  template <class Operation, class T, class Handler, class Allocator>
  static observation start(const future<T>& f, Handler& handler, const Allocator& from) {
    std::optional<asio_held<Operation, Allocator>> held;
    try {
      held.emplace(handler, f.loop(), from);
      return interloop::observe(f, std::move(*held));
    } catch (...) {
      if (!held) {
        fail<Operation>(handler);
      } else if constexpr (is_anywhere<Net, Handler>) {
        throw;
      } else {
        (**held).fail(std::current_exception());
      }
    }
    return {};
  }

  /// In a handler of exceptions. A completion handler without an executor could only be called here, so it is not.
  template <class Operation, class Handler>
  static void fail(Handler& handler) {
    if constexpr (is_anywhere<Net, Handler>) {
      throw;
    } else {
      using completion = typename Operation::completion;
      completion::deliver_later(completion(std::move(handler), std::current_exception()));
    }
  }
};

}  // namespace interloop::detail
