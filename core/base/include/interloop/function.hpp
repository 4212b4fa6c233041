// SPDX-License-Identifier: MIT
// A move-only callable, for the handlers that interloop keeps: what C++23 calls std::move_only_function.
#pragma once

#include <interloop/detail/keep.hpp>

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace interloop {

template <class Signature>
class function;

/// Owns any callable with this signature, copyable or not. Callables of up to three pointers that move without
/// throwing are stored inside; larger ones take one allocation. An empty one must not be called. A callable that
/// returns a future is kept until the futures of all its calls are completed, because a coroutine refers to its
/// captures.
///
/// Thread safety: none of its own; it is as safe as what it holds.
template <class R, class... Args>
class function<R(Args...)> {
 public:
  function() noexcept = default;
  function(std::nullptr_t) noexcept {}

  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, function> && std::is_invocable_r_v<R, std::decay_t<F>&, Args...>)
  function(F&& callable) {
    using given = std::decay_t<F>;
    using callee = detail::keeping<given, Args...>;
    detail::require_quiet_destructors<given>();
    if constexpr (std::is_constructible_v<bool, const given&> && !std::is_same_v<given, bool> &&
                  (std::is_pointer_v<given> || std::is_member_pointer_v<given>)) {
      if (!callable) return;
    }
    if constexpr (fits<callee>) {
      ::new (static_cast<void*>(storage_)) callee(std::forward<F>(callable));
      vtable_ = &inline_vtable<callee>;
    } else {
      ::new (static_cast<void*>(storage_)) callee*(new callee(std::forward<F>(callable)));
      vtable_ = &boxed_vtable<callee>;
    }
  }

  function(function&& other) noexcept : vtable_(std::exchange(other.vtable_, nullptr)) {
    if (vtable_) vtable_->relocate(storage_, other.storage_);
  }

  function& operator=(function&& other) noexcept {
    if (this != &other) {
      reset();
      vtable_ = std::exchange(other.vtable_, nullptr);
      if (vtable_) vtable_->relocate(storage_, other.storage_);
    }
    return *this;
  }

  ~function() { reset(); }

  explicit operator bool() const noexcept { return vtable_ != nullptr; }

  /// The code that calls what it holds, to tell different callables apart; null if it is empty.
  [[nodiscard]] auto code() const noexcept -> R (*)(void*, Args&&...) { return vtable_ ? vtable_->call : nullptr; }

  R operator()(Args... args) { return vtable_->call(storage_, std::forward<Args>(args)...); }

 private:
  struct vtable {
    R (*call)(void*, Args&&...);
    void (*relocate)(void* to, void* from) noexcept;
    void (*destroy)(void*) noexcept;
  };

  static constexpr std::size_t capacity = 3 * sizeof(void*);

  template <class F>
  static constexpr bool fits =
      sizeof(F) <= capacity && alignof(F) <= alignof(void*) && std::is_nothrow_move_constructible_v<F>;

  // Named, so that their symbols name the callable.
  template <class F>
  static R call_inline(void* self, Args&&... args) {
    return static_cast<R>((*static_cast<F*>(self))(std::forward<Args>(args)...));
  }
  template <class F>
  static R call_boxed(void* self, Args&&... args) {
    return static_cast<R>((**static_cast<F**>(self))(std::forward<Args>(args)...));
  }

  template <class F>
  static constexpr vtable inline_vtable{&call_inline<F>,
                                        [](void* to, void* from) noexcept {
                                          ::new (to) F(std::move(*static_cast<F*>(from)));
                                          static_cast<F*>(from)->~F();
                                        },
                                        [](void* self) noexcept { static_cast<F*>(self)->~F(); }};

  template <class F>
  static constexpr vtable boxed_vtable{&call_boxed<F>,
                                       [](void* to, void* from) noexcept { ::new (to) F*(*static_cast<F**>(from)); },
                                       [](void* self) noexcept { delete *static_cast<F**>(self); }};

  void reset() noexcept {
    if (vtable_) std::exchange(vtable_, nullptr)->destroy(storage_);
  }

  const vtable* vtable_ = nullptr;  // first, so that readers of memory find `call`
  alignas(void*) std::byte storage_[capacity];
};

}  // namespace interloop
