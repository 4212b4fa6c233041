// SPDX-License-Identifier: MIT
// The thread that completes operations, of both sides of the comparison.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

/// Runs functions in a thread of its own, as many as have come since it looked last. It is woken once for all of them:
/// otherwise a thread that needs the GIL, and so begins late, would be woken less often than one that does not.
class worker {
 public:
  worker() {
    std::thread([this] { run(); }).detach();  // the process ends without it
  }
  void post(std::function<void()> fn) {
    const std::lock_guard locked(mutex_);
    queue_.push_back(std::move(fn));
  }
  void wake() { posted_.notify_one(); }

 private:
  void run() {
    for (;;) {
      std::vector<std::function<void()>> all;
      {
        std::unique_lock locked(mutex_);
        posted_.wait(locked, [this] { return !queue_.empty(); });
        all.swap(queue_);
      }
      for (const auto& each : all) each();
    }
  }

  std::mutex mutex_;
  std::condition_variable posted_;
  std::vector<std::function<void()>> queue_;
};

inline worker& the_worker() {
  static worker& made = *new worker;
  return made;
}
