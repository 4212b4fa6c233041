// SPDX-License-Identifier: MIT
// For ports: wakes a native loop that waits for descriptors.
#pragma once

#include <atomic>
#include <string_view>

namespace interloop {

/// A descriptor (an eventfd) that any thread can make readable. A port has the native loop watch it, calls `signal` in
/// `loop_port::wake`, and `take` before the turn:
///
///     void wake() noexcept override { waker_.signal(); }
///     void on_readable() { waker_.take(); turn(); }
///     void forked() noexcept override { waker_.renew(); }
class wake_fd {
 public:
  /// \param loop  the loop's name, for the error.
  /// Errors: `usage_error` if no descriptor is left.
  explicit wake_fd(std::string_view loop);
  wake_fd(const wake_fd&) = delete;
  wake_fd& operator=(const wake_fd&) = delete;
  ~wake_fd();

  /// The descriptor, the same for as long as this exists. It is readable after a signal until that is taken.
  [[nodiscard]] int get() const noexcept { return fd_; }

  /// Makes the descriptor readable. Signals are merged until the next `take`. Never fails. Any thread.
  void signal() noexcept;

  /// Whether a signal has not been taken yet. Any thread.
  [[nodiscard]] bool signalled() const noexcept { return signalled_.load(std::memory_order_acquire); }

  /// Makes the descriptor unreadable until the next signal. Code that runs after it, in this thread, sees what other
  /// threads wrote before the signals that it has taken. May find nothing to take. The loop's thread.
  void take() noexcept;

  /// In a forked child: gives the number a new descriptor, signalled in case a signal was under way, and leaves the
  /// parent's alone. If none can be made, the child continues to share its parent's.
  void renew() noexcept;

 private:
  int fd_;
  std::atomic<bool> signalled_{false};
};

}  // namespace interloop
