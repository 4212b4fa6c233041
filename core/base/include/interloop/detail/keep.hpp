// SPDX-License-Identifier: MIT
// What interloop requires of a callable that it keeps, and how it keeps one that returns a future.
//
// Such a callable may be a coroutine. Its frame then refers to the callable (captures are members of the lambda) and to
// its bound arguments, even after the call. So both are put in a place where they stay until the future that the call
// returned is completed.
#pragma once

#include <interloop/detail/invoke.hpp>
#include <interloop/detail/state_ptr.hpp>

#include <tuple>
#include <type_traits>
#include <utility>

namespace interloop {

template <class T>
class future;

template <class T>
inline constexpr bool is_future_v = false;
template <class T>
inline constexpr bool is_future_v<future<T>> = true;

namespace detail {

/// Called first, so that this is the compiler's first error.
template <class... Kept>
constexpr void require_quiet_destructors() {
  static_assert((std::is_nothrow_destructible_v<Kept> && ...),
                "interloop: the destructor of the function, of a capture or of an argument may throw where nothing can "
                "catch the exception; make it noexcept");
}

/// Whether calling `F` with these arguments returns a future.
template <class F, class... Args>
consteval bool returns_future() {
  if constexpr (std::is_invocable_v<F, Args...>) {
    return is_future_v<std::remove_cvref_t<std::invoke_result_t<F, Args...>>>;
  } else {
    return false;
  }
}

/// Whether a callable has anything that a coroutine in it could refer to.
template <class F>
inline constexpr bool has_members = std::is_class_v<F> && !std::is_empty_v<F>;

/// A callable with its arguments, to be called once. Each is kept as it says: as a value, which the call may take over,
/// or as a reference.
template <class... Kept>
struct bound {
  std::tuple<Kept...> all;

  decltype(auto) operator()() {
    return std::apply(
        [](auto&&... each) -> decltype(auto) { return detail::invoke(std::forward<decltype(each)>(each)...); },
        std::move(all));
  }
};

/// Something kept until a future is completed. Reference-counted.
struct kept_place {
  kept_place() = default;
  kept_place(const kept_place&) = delete;
  kept_place& operator=(const kept_place&) = delete;
  virtual ~kept_place() = default;
  void retain() noexcept { ++references; }
  void release() noexcept {
    if (--references == 0) delete this;
  }

  unsigned references = 1;
};

/// A callable that returns futures, in a place of its own, which lasts until this is destroyed and those futures are
/// completed.
template <class F>
class kept_callable {
 public:
  template <class Given>
    requires(!std::is_same_v<std::remove_cvref_t<Given>, kept_callable>)
  explicit kept_callable(Given&& callable)
      : place_(typename state_ptr<place>::adopt{}, new place(std::forward<Given>(callable))) {}
  kept_callable(kept_callable&&) noexcept = default;
  kept_callable& operator=(kept_callable&&) noexcept = default;
  ~kept_callable() = default;

  /// Calls it and returns the future.
  template <class... Args>
    requires std::is_invocable_v<F&, Args...>
  auto operator()(Args&&... args) {
    const state_ptr<kept_place> keep(place_.get());  // the call may destroy this
    auto made = detail::invoke(place_->callable, std::forward<Args>(args)...);
    keep_until_completed(made, keep);  // future.hpp
    return made;
  }

  [[nodiscard]] const F& callable() const noexcept { return place_->callable; }

 private:
  struct place final : kept_place {
    template <class Given>
    explicit place(Given&& given) : callable(std::forward<Given>(given)) {}
    ~place() noexcept override {}
    F callable;
  };

  state_ptr<place> place_;
};

/// The type in which to keep a callable that is called with these arguments, once or many times.
template <class F, class... Args>
using keeping = std::conditional_t<has_members<F> && returns_future<F&, Args...>(), kept_callable<F>, F>;

}  // namespace detail
}  // namespace interloop
