// SPDX-License-Identifier: MIT
// Selects another loop for as long as a scope lasts.
#pragma once

#include <interloop/config.hpp>

#include <utility>

namespace interloop::testing {

/// Restores the previous selection (a loop or none) when destroyed, even by an exception. Made by `replace_loop`.
class [[nodiscard]] loop_replacement {
 public:
  explicit loop_replacement(loop& replacement) noexcept : before_(std::exchange(config().loop, &replacement)) {}
  loop_replacement(const loop_replacement&) = delete;
  loop_replacement& operator=(const loop_replacement&) = delete;
  ~loop_replacement() { config().loop = before_; }

 private:
  loop* before_;
};

/// Makes `replacement` the selected loop until the returned guard is destroyed; guards nest. The loop must live as long
/// as the guard.
/// Thread safety: as `config`. Source: `txaio.testutil.replace_loop`, which does not restore after an exception.
inline loop_replacement replace_loop(loop& replacement) noexcept { return loop_replacement(replacement); }

}  // namespace interloop::testing
