// SPDX-License-Identifier: MIT
// The conformance suite on the loop of poll_loop.hpp.
// [harness]
#include <chrono>
#include <interloop/testing/conformance.hpp>
#include <memory>
#include <optional>
#include <thread>

#include "poll_loop.hpp"

namespace {

namespace conformance = interloop::testing::conformance;
using conformance::ability;
using namespace std::chrono_literals;

class poll_native final : public conformance::native_loop {
 public:
  interloop::loop& core() override { return **owner_; }
  void drop_owner() override { owner_.reset(); }
  bool make_owner() override {
    owner_.emplace();
    return true;
  }

  bool run_until(const std::function<bool()>& done, interloop::duration limit) override {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!done()) {
      if (std::chrono::steady_clock::now() >= end) return false;
      if (owner_ && !(*owner_)->closed()) {
        owner_->step(2ms);  // returns in time to look at the clock again
      } else {
        std::this_thread::sleep_for(1ms);
      }
    }
    return true;
  }

 private:
  std::optional<poll_loop> owner_{std::in_place};
};

}  // namespace

int main(int argc, char** argv) {
  return conformance::run_all({.name = "poll_loop",
                               .make = [] { return std::make_unique<poll_native>(); },
                               .lacks = {{ability::calls_natively, "it has no handlers besides interloop's"},
                                         {ability::watches_natively, "it has no handlers besides interloop's"}}},
                              argc, argv);
}
// [/harness]
