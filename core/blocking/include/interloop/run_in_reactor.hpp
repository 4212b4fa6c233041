// SPDX-License-Identifier: MIT
// Functions that run in a loop's thread, called from other threads: Crochet's `run_in_reactor` and `wait_for`.
#pragma once

#include <interloop/coroutine.hpp>
#include <interloop/detail/loop_access.hpp>
#include <interloop/detail/placed.hpp>
#include <interloop/eventual_result.hpp>
#include <interloop/loop_thread.hpp>
#include <interloop/setup.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>

namespace interloop {

namespace detail {

/// One call on its way: the slot of its result, the function and the arguments, in one allocation. The function and its
/// arguments are kept until the operation is over, so that a coroutine may refer to them.
template <class F, class T, class... Args>
class reactor_call final : public slot<T> {
 public:
  template <class... Given>
  reactor_call(loop_remote where, std::shared_ptr<F> fn, Given&&... args)
      : slot<T>(std::move(where)), kept_(std::in_place, std::move(fn), std::forward<Given>(args)...) {}

  void run() {
    using R = std::invoke_result_t<F&, Args...>;
    at_once_ = true;
    try {
      if constexpr (is_future_v<std::remove_cvref_t<R>>) {
        future<T> source = call();
        if (!source) throw_usage("run_in_reactor: the function returned an empty future");
        if (&source.loop() != running_loop && !source.loop().in_loop_thread())
          throw_usage(
              "run_in_reactor: the function returned a future of a loop in another thread; run it in that loop");
        at_once_ = is_called(source);
        this->follow(std::move(source));
      } else if constexpr (std::is_void_v<R>) {
        call();
        this->succeed();
      } else {
        this->succeed(call());
      }
    } catch (...) {
      this->fail(failure::of(std::current_exception(), std::source_location{}));
    }
  }

 private:
  decltype(auto) call() {
    return std::apply([](auto& fn, auto&... args) -> decltype(auto) { return std::invoke(*fn, std::move(args)...); },
                      *kept_);
  }
  void operation_over() noexcept override {
    kept_.reset();
    if (at_once_) loop_access::expect_posts(*running_loop);
  }
  void operation_abandoned(loop& core) noexcept override { loop_access::destroy_last(core, last_use(*this)); }

  // Releases the kept function and arguments when it is destroyed. They stay where they are, because there are
  // references to them.
  class last_use {
   public:
    explicit last_use(reactor_call& call) noexcept : call_(&call) {}
    last_use(last_use&&) noexcept = default;
    last_use& operator=(last_use&&) = delete;
    ~last_use() {
      if (call_) call_->kept_.reset();
    }

   private:
    state_ptr<reactor_call> call_;
  };

  std::optional<std::tuple<std::shared_ptr<F>, Args...>> kept_;
  bool at_once_ = false;  // whether the outcome is known when the posted call returns
};

/// The posted part of a call. If it is destroyed without being called, it tells the waiters that the loop has stopped.
template <class Call>
class call_task {
 public:
  explicit call_task(state_ptr<Call> call) noexcept : call_(std::move(call)) {}
  call_task(call_task&&) noexcept = default;
  call_task& operator=(call_task&&) = delete;
  ~call_task() {
    if (call_) call_->abandon();
  }
  void operator()() { std::exchange(call_, {})->run(); }

 private:
  state_ptr<Call> call_;
};

template <class F, class... Args>
auto start_in_reactor(const loop_remote& where, std::source_location from, const std::shared_ptr<F>& fn,
                      Args&&... args) {
  static_assert(std::is_invocable_v<F&, std::decay_t<Args>...>,
                "interloop: the function cannot be called with these arguments, which are passed as rvalue copies; for "
                "a reference, pass std::ref");
  require_quiet_destructors<std::decay_t<Args>...>();
  using R = std::invoke_result_t<F&, std::decay_t<Args>...>;
  using plain = std::remove_cvref_t<R>;
  using T = typename as_future_of<std::conditional_t<is_future_v<plain>, plain, R>>::type::value_type;
  using call = reactor_call<F, T, std::decay_t<Args>...>;
  loop_access::require_same_copy(where);
  if (where.inherited()) throw_inherited();
  const state_ptr<call> made(typename state_ptr<call>::adopt{}, new call(where, fn, std::forward<Args>(args)...));
  try {
    loop_access::post(where, call_task<call>(made), from);
  } catch (const loop_closed&) {  // waiters get reactor_stopped
  }
  return eventual_result<T>(state_ptr<slot<T>>(made.get()));
}

}  // namespace detail

/// What `run_in_reactor` returns: a function that may be called from any thread.
template <class F>
class reactor_function {
 public:
  reactor_function(std::optional<loop_remote> where, F fn)
      : where_(std::move(where)), fn_(std::make_shared<F>(std::move(fn))) {
    detail::require_quiet_destructors<F>();
  }

  /// Runs the function in the loop's thread with these arguments, decay-copied or moved, and returns at once. If it
  /// returns a future (or is a coroutine), the result is that of the future. Even when called in the loop's thread, it
  /// runs in a later turn. Errors: `usage_error` before `setup`, `error` in a forked child. After the loop has stopped,
  /// `wait` throws `reactor_stopped`.
  template <class A = detail::not_given, class B = detail::not_given, class C = detail::not_given>
  auto operator()(A&& a = A(), B&& b = B(), C&& c = C(),
                  detail::call_place from = std::source_location::current()) const {
    return detail::with_given(
        [&](auto&&... args) {
          return detail::start_in_reactor(where(), from.where, fn_, std::forward<decltype(args)>(args)...);
        },
        std::forward<A>(a), std::forward<B>(b), std::forward<C>(c));
  }
  template <class... Args>
    requires(sizeof...(Args) > 3)
  auto operator()(Args&&... args) const {
    return detail::start_in_reactor(where(), {}, fn_, std::forward<Args>(args)...);
  }

  /// The function itself, for tests that call it directly.
  [[nodiscard]] F& wrapped() const noexcept { return *fn_; }

  /// The loop it runs in. Errors: `usage_error` before `setup`.
  [[nodiscard]] const loop_remote& where() const { return where_ ? *where_ : detail::reactor(); }

 private:
  std::optional<loop_remote> where_;
  std::shared_ptr<F> fn_;
};

/// What `wait_for` returns: a function that blocks for its result.
template <class F>
class blocking_function {
 public:
  blocking_function(std::optional<loop_remote> where, duration timeout, F fn)
      : inner_(std::move(where), std::move(fn)), timeout_(timeout) {}

  /// Runs the function in the loop's thread, waits, and returns its value. Errors: what it throws; `timeout_error`,
  /// which also cancels the operation; otherwise as `eventual_result::wait`. In the loop's own thread it throws without
  /// running the function.
  template <class A = detail::not_given, class B = detail::not_given, class C = detail::not_given>
  auto operator()(A&& a = A(), B&& b = B(), C&& c = C(),
                  detail::call_place from = std::source_location::current()) const {
    detail::slot_base::require_waitable(inner_.where());
    return inner_(std::forward<A>(a), std::forward<B>(b), std::forward<C>(c), from).finish(timeout_);
  }
  template <class... Args>
    requires(sizeof...(Args) > 3)
  auto operator()(Args&&... args) const {
    detail::slot_base::require_waitable(inner_.where());
    return inner_(std::forward<Args>(args)...).finish(timeout_);
  }

  [[nodiscard]] F& wrapped() const noexcept { return inner_.wrapped(); }

 private:
  reactor_function<F> inner_;
  duration timeout_;
};

/// Makes `fn` run in the loop of `setup()`, or of `where`: see `reactor_function`. `fn` is a function, a lambda or a
/// member function; it is kept while a call of it goes on.
/// Source: `crochet.run_in_reactor`.
template <class F>
[[nodiscard]] auto run_in_reactor(F&& fn) {
  return reactor_function<std::decay_t<F>>(std::nullopt, std::forward<F>(fn));
}
template <class F>
[[nodiscard]] auto run_in_reactor(const loop_thread& where, F&& fn) {
  return reactor_function<std::decay_t<F>>(where.remote(), std::forward<F>(fn));
}
template <class F>
[[nodiscard]] auto run_in_reactor(const loop_remote& where, F&& fn) {
  return reactor_function<std::decay_t<F>>(where, std::forward<F>(fn));
}

/// Makes `fn` a blocking function that runs in the loop of `setup()`, or of `where`: see `blocking_function`.
/// \param timeout  how long a call may take before it throws `timeout_error` and cancels the operation.
/// Source: `crochet.wait_for`.
template <class Rep, class Period, class F>
[[nodiscard]] auto wait_for(std::chrono::duration<Rep, Period> timeout, F&& fn) {
  return blocking_function<std::decay_t<F>>(std::nullopt, to_duration(timeout), std::forward<F>(fn));
}
template <class Rep, class Period, class F>
[[nodiscard]] auto wait_for(const loop_thread& where, std::chrono::duration<Rep, Period> timeout, F&& fn) {
  return blocking_function<std::decay_t<F>>(where.remote(), to_duration(timeout), std::forward<F>(fn));
}
template <class Rep, class Period, class F>
[[nodiscard]] auto wait_for(const loop_remote& where, std::chrono::duration<Rep, Period> timeout, F&& fn) {
  return blocking_function<std::decay_t<F>>(where, to_duration(timeout), std::forward<F>(fn));
}

/// The result of any future, for other threads. Call it in the thread of the future's loop.
template <class T>
[[nodiscard]] eventual_result<T> eventual(const future<T>& source) {
  using made_of = detail::state_ptr<detail::slot<T>>;
  detail::loop_access::check_thread(source.loop(), "eventual");
  made_of made(typename made_of::adopt{}, new detail::slot<T>(source.loop().remote()));
  made->follow(source);
  return eventual_result<T>(std::move(made));
}

}  // namespace interloop
