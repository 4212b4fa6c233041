// SPDX-License-Identifier: MIT
// The manual loop under a library's tests. Its clock jumps only while nothing outside can be going on.
#pragma once

#include <interloop/testing/conformance.hpp>
#include <interloop/testing/manual_loop.hpp>

#include <functional>
#include <optional>
#include <string_view>
#include <utility>

namespace interloop::testing::detail {

class patient_manual final : public conformance::native_loop {
 public:
  static constexpr std::string_view name = "manual";

  loop& core() override { return **owner_; }
  void drop_owner() override { owner_.reset(); }
  bool run_until(const std::function<bool()>& done, duration limit) override;

 private:
  std::optional<manual_loop> owner_{std::in_place};
};

}  // namespace interloop::testing::detail
