// SPDX-License-Identifier: MIT
// Coroutines as other libraries have them, of two kinds, and an object on which each may wait.
#pragma once

#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace interloop::test {

/// What a task's promises have in common: the value or the exception.
template <class T>
class outcome_of {
 public:
  template <class U>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  void unhandled_exception() noexcept { thrown_ = std::current_exception(); }
  T& result() {
    if (thrown_) std::rethrow_exception(thrown_);
    return *value_;
  }

 private:
  std::optional<T> value_;
  std::exception_ptr thrown_;
};
template <>
class outcome_of<void> {
 public:
  void return_void() noexcept {}
  void unhandled_exception() noexcept { thrown_ = std::current_exception(); }
  void result() const {
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  std::exception_ptr thrown_;
};

/// Starts when it is awaited, by symmetric transfer, and is resumed so too; owns its coroutine, which is destroyed with
/// it, even if it is suspended. Awaited as a temporary it gives a `T&&`, by name a `T&`: both into its coroutine.
template <class T>
class [[nodiscard]] lazy_task {
 public:
  struct promise_type : outcome_of<T> {
    struct at_end {
      [[nodiscard]] bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) const noexcept {
        return self.promise().waiter;
      }
      void await_resume() const noexcept {}
    };
    lazy_task get_return_object() { return lazy_task(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    at_end final_suspend() const noexcept { return {}; }

    std::coroutine_handle<> waiter = std::noop_coroutine();
  };

  lazy_task(lazy_task&& other) noexcept : self_(std::exchange(other.self_, nullptr)) {}
  lazy_task& operator=(lazy_task&&) = delete;
  ~lazy_task() {
    if (self_) self_.destroy();
  }

  auto operator co_await() & noexcept {
    struct by_name : awaiter {
      decltype(auto) await_resume() { return this->self.promise().result(); }
    };
    return by_name{{self_}};
  }
  auto operator co_await() && noexcept {
    struct once : awaiter {
      decltype(auto) await_resume() {
        if constexpr (std::is_void_v<T>) {
          this->self.promise().result();
        } else {
          return std::move(this->self.promise().result());
        }
      }
    };
    return once{{self_}};
  }

  /// Runs it to its first suspension, without waiting for it.
  void start() { self_.resume(); }
  [[nodiscard]] bool done() const { return self_.done(); }
  decltype(auto) result() { return self_.promise().result(); }

 private:
  struct awaiter {
    std::coroutine_handle<promise_type> self;
    [[nodiscard]] bool await_ready() const noexcept { return self.done(); }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) noexcept {
      self.promise().waiter = waiter;
      return self;
    }
  };
  explicit lazy_task(std::coroutine_handle<promise_type> self) noexcept : self_(self) {}
  std::coroutine_handle<promise_type> self_;
};

/// Starts at once, and runs to its end whether or not it is awaited, by any number of coroutines, each of which gets a
/// copy of the value. Its awaiter's `await_suspend` returns a bool.
template <class T>
class eager_task {
 public:
  struct shared : outcome_of<T> {
    bool over = false;
    std::vector<std::coroutine_handle<>> waiters;
  };
  struct promise_type {
    std::shared_ptr<shared> state = std::make_shared<shared>();

    eager_task get_return_object() { return eager_task(state); }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept {
      state->over = true;
      for (const auto each : std::exchange(state->waiters, {})) each.resume();
      return {};
    }
    void return_value(T value) { state->return_value(std::move(value)); }
    void unhandled_exception() noexcept { state->unhandled_exception(); }
  };

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) const {
    if (state_->over) return false;
    state_->waiters.push_back(waiter);
    return true;
  }
  T await_resume() const { return state_->result(); }

  [[nodiscard]] bool done() const { return state_->over; }

 private:
  explicit eager_task(std::shared_ptr<shared> state) noexcept : state_(std::move(state)) {}
  std::shared_ptr<shared> state_;
};

/// Something that happens once, for coroutines of any library: `co_await event` suspends until `set()`, which resumes
/// in the calling thread. A waiter may be destroyed before. `operator co_await` is a free function.
class one_event {
 public:
  struct awaiter {
    one_event& of;
    std::coroutine_handle<> who{};

    explicit awaiter(one_event& event) noexcept : of(event) {}
    awaiter(const awaiter&) = delete;
    awaiter& operator=(const awaiter&) = delete;
    ~awaiter() {
      if (of.waiter_ == who) of.waiter_ = nullptr;
    }
    [[nodiscard]] bool await_ready() const noexcept { return of.is_set_; }
    void await_suspend(std::coroutine_handle<> waiter) noexcept { of.waiter_ = who = waiter; }
    void await_resume() const noexcept {}
  };

  one_event() = default;
  one_event(const one_event&) = delete;
  one_event& operator=(const one_event&) = delete;

  friend awaiter operator co_await(one_event& event) noexcept { return awaiter(event); }
  void set() {
    is_set_ = true;
    if (const auto waiter = std::exchange(waiter_, nullptr)) waiter.resume();
  }
  [[nodiscard]] bool has_waiter() const noexcept { return static_cast<bool>(waiter_); }
  /// Destroys what waits instead of resuming it.
  void drop_waiter() {
    if (const auto waiter = std::exchange(waiter_, nullptr)) waiter.destroy();
  }

 private:
  bool is_set_ = false;
  std::coroutine_handle<> waiter_;
};

}  // namespace interloop::test
