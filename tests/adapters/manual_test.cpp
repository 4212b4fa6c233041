// SPDX-License-Identifier: MIT
// The conformance suite on the loop whose clock a test moves.
#include "conformance.hpp"

#include <interloop/testing/manual_loop.hpp>

#include <optional>
#include <thread>

namespace {

using namespace interloop;

class manual final : public conformance::native_loop {
 public:
  loop& core() override { return **loop_; }
  void drop_owner() override { loop_.reset(); }

  bool run_until(const std::function<bool()>& done, duration limit) override {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!done()) {
      if (std::chrono::steady_clock::now() >= end) return false;
      if (loop_ && loop_->step()) continue;
      if (done()) return true;
      if (loop_ && loop_->next_alarm() < loop_->operator*().now() + std::chrono::hours(1)) {
        loop_->advance(loop_->next_alarm() - loop_->operator*().now());
      } else {
        std::this_thread::yield();  // for what other threads are going to post
      }
    }
    return true;
  }

 private:
  std::optional<interloop::testing::manual_loop> loop_{std::in_place};
};

const bool registered = register_cases(
    "Manual", {.name = "manual",
               .make = [] { return std::make_unique<manual>(); },
               .lacks = {{conformance::ability::passes_time, "the clock stands still unless the test moves it"},
                         {conformance::ability::calls_natively, "it has no handlers but interloop's"}}});

}  // namespace
