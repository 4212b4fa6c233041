// SPDX-License-Identifier: MIT
// The loop of poll.hpp, in the form that tests use.
#pragma once

// [fixture]
#include <chrono>
#include <functional>
#include <interloop/adapters/poll.hpp>
#include <interloop/testing/conformance.hpp>
#include <optional>
#include <thread>

namespace interloop::test {

class on_poll final : public testing::conformance::native_loop {
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
      if (owner_ && !(*owner_)->closed()) {
        owner_->step(std::chrono::milliseconds(2));  // returns in time to look at the clock again
      } else {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    }
    return true;
  }

 private:
  std::optional<poll_loop> owner_{std::in_place};
};

}  // namespace interloop::test
// [/fixture]
