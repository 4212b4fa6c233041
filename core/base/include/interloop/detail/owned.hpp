// SPDX-License-Identifier: MIT
// The sole owner of an object. <memory>, which has std::unique_ptr, costs a user's file a quarter of <chrono>.
#pragma once

#include <utility>

namespace interloop::detail {

/// Deletes the object that it holds, unless it was moved from.
template <class T>
class owned {
 public:
  owned() noexcept = default;
  explicit owned(T* object) noexcept : object_(object) {}
  owned(owned&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  owned& operator=(owned&& other) noexcept {
    delete std::exchange(object_, std::exchange(other.object_, nullptr));
    return *this;
  }
  ~owned() { delete object_; }

  T& operator*() const noexcept { return *object_; }
  T* operator->() const noexcept { return object_; }
  explicit operator bool() const noexcept { return object_ != nullptr; }

 private:
  T* object_ = nullptr;
};

}  // namespace interloop::detail
