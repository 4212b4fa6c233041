// SPDX-License-Identifier: MIT
// One callable on its way from any thread into a loop's inbox. Row 1.
#pragma once

#include <interloop/detail/task_queue.hpp>

#include <utility>

namespace interloop::detail {

class inbox;

/// Has the inbox to itself while it exists.
class posting {
 public:
  /// Locks the inbox. Throws `loop_closed`.
  explicit posting(inbox& into);
  posting(const posting&) = delete;
  posting& operator=(const posting&) = delete;
  /// Unlocks it, and wakes the loop if `push` was the first since the loop last looked.
  ~posting();

  /// Appends; what the callable's move throws passes through.
  template <class F>
  void push(F&& callable) {
    queue_.push(std::forward<F>(callable));
    pushed_ = true;
  }

 private:
  inbox& into_;
  task_queue& queue_;
  bool pushed_ = false;
};

}  // namespace interloop::detail
