// SPDX-License-Identifier: MIT
// An object that knows how many of its kind are alive, so that tests can check lifetimes.
#pragma once

#include <atomic>
#include <utility>

namespace interloop::test {

/// Copyable and movable; `alive()` is the number of all that exist. `moved_from` distinguishes empty ones from real
/// ones.
class counted {
 public:
  counted() noexcept { ++alive_; }
  explicit counted(int v) noexcept : value(v) { ++alive_; }
  counted(const counted& other) noexcept : value(other.value), moved_from(other.moved_from) {
    ++alive_;
    ++copies_;
  }
  counted(counted&& other) noexcept : value(other.value), moved_from(other.moved_from) {
    other.moved_from = true;
    ++alive_;
  }
  counted& operator=(const counted&) = default;
  counted& operator=(counted&&) = default;
  ~counted() { --alive_; }

  [[nodiscard]] static int alive() noexcept { return alive_; }
  [[nodiscard]] static int copies() noexcept { return copies_; }
  static void reset_copies() noexcept { copies_ = 0; }

  int value = 0;
  bool moved_from = false;

 private:
  static inline std::atomic<int> alive_{0};
  static inline std::atomic<int> copies_{0};
};

/// Calls a function when it is destroyed, unless it was moved from: for callables whose destruction has an effect.
template <class F>
class at_destruction {
 public:
  explicit at_destruction(F fn) : fn_(std::move(fn)) {}
  at_destruction(at_destruction&& other) noexcept : fn_(std::move(other.fn_)), armed_(other.armed_) {
    other.armed_ = false;
  }
  at_destruction& operator=(at_destruction&&) = delete;
  ~at_destruction() {
    if (armed_) fn_();
  }

 private:
  F fn_;
  bool armed_ = true;
};

}  // namespace interloop::test
