// SPDX-License-Identifier: MIT
// The way from other threads to a glue that may be gone.
#pragma once

#include <interloop/detail/state_ptr.hpp>
#include <interloop/loop.hpp>

#include <atomic>
#include <utility>

namespace interloop {

class glue;

namespace detail {

/// What the glue and its remotes share. `target` belongs to the loop's thread.
class glue_link {
 public:
  glue_link(loop_remote to, glue& target) noexcept : to_(std::move(to)), target_(&target) {}

  // Out of line: g++ 12 takes atomic operations behind a pointer that it cannot follow for overflows.
  void retain() noexcept;
  void release() noexcept;

  /// In the loop's thread: nothing that is posted reaches the glue any more.
  void cut() noexcept { target_ = nullptr; }

  /// Whether something is posted that has not run yet, so that what comes now must not overtake it.
  [[nodiscard]] bool waiting() const noexcept { return waiting_.load(std::memory_order_acquire) != 0; }

  /// Calls `fn(glue)` in the loop's thread, unless the glue is gone by then. Returns false if the loop was closed, or
  /// memory is short.
  template <class F>
  [[nodiscard]] bool post(F&& fn) noexcept {
    const state_ptr<glue_link> keep(this);
    expect();
    try {
      to_.post([keep, fn = std::forward<F>(fn)]() mutable {
        keep->arrived();
        if (keep->target_) fn(*keep->target_);
      });
      return true;
    } catch (...) {
      arrived();
      return false;
    }
  }

 private:
  void expect() noexcept;
  void arrived() noexcept;

  loop_remote to_;
  glue* target_;
  std::atomic<unsigned> waiting_{0};
  std::atomic<unsigned> references_{0};
};

}  // namespace detail
}  // namespace interloop
