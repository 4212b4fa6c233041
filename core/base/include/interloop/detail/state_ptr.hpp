// SPDX-License-Identifier: MIT
// A pointer to an object that counts its own references.
#pragma once

#include <utility>

namespace interloop::detail {

/// A counted pointer to a state, which has `retain()` and `release()`.
template <class State>
class state_ptr {
 public:
  state_ptr() noexcept = default;
  struct adopt {};
  state_ptr(adopt, State* state) noexcept : state_(state) {}
  explicit state_ptr(State* state) noexcept : state_(state) { state->retain(); }
  state_ptr(const state_ptr& other) noexcept : state_(other.state_) {
    if (state_) state_->retain();
  }
  state_ptr(state_ptr&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  state_ptr& operator=(state_ptr other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~state_ptr() {
    if (state_) state_->release();
  }
  State* operator->() const noexcept { return state_; }
  State& operator*() const noexcept { return *state_; }
  [[nodiscard]] State* get() const noexcept { return state_; }
  /// Returns the state; its reference is the caller's from now on.
  [[nodiscard]] State* release() noexcept { return std::exchange(state_, nullptr); }
  explicit operator bool() const noexcept { return state_ != nullptr; }

 private:
  State* state_ = nullptr;
};

}  // namespace interloop::detail
