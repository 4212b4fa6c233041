// SPDX-License-Identifier: MIT
// The manual loop as tests and benchmarks drive it.
#pragma once

#include <interloop/testing/conformance.hpp>
#include <interloop/testing/manual_loop.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <thread>

namespace interloop::test {

class on_manual final : public testing::conformance::native_loop {
 public:
  loop& core() override { return **owner_; }
  void drop_owner() override { owner_.reset(); }
  bool make_owner() override {
    owner_.emplace();
    return true;
  }

  bool run_until(const std::function<bool()>& done, duration limit) override {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!done()) {
      if (std::chrono::steady_clock::now() >= end) return false;
      if (owner_ && owner_->step()) continue;
      if (done()) return true;
      if (owner_ && owner_->next_alarm() < core().now() + std::chrono::hours(1)) {
        owner_->advance(owner_->next_alarm() - core().now());
      } else {
        std::this_thread::sleep_for(std::chrono::microseconds(50));  // other threads may be going to post
      }
    }
    return true;
  }

  /// For benchmarks: until nothing is left to do.
  void run() { owner_->run_ready(); }

 private:
  std::optional<testing::manual_loop> owner_{std::in_place};
};

}  // namespace interloop::test
