// SPDX-License-Identifier: MIT
// How long to wait before the next attempt.
#pragma once

#include <interloop/redis/options.hpp>

#include <cstdint>
#include <random>

namespace interloop::redis {

class backoff {
 public:
  /// Errors: `usage_error` if a duration is not positive.
  backoff(reconnect_options options, std::uint32_t seed);

  /// Twice as long as the last time, up to the limit, less a random part of up to a half.
  [[nodiscard]] duration next();
  /// Begins anew.
  void reset() noexcept { step_ = options_.first; }

 private:
  reconnect_options options_;
  duration step_;
  std::minstd_rand random_;
};

}  // namespace interloop::redis
