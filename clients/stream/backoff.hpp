// SPDX-License-Identifier: MIT
// How long to wait before the next attempt.
#pragma once

#include <interloop/time.hpp>

#include <cstdint>
#include <random>

namespace interloop::streams {

/// See `reconnect_options` of a client.
struct pauses {
  duration first;
  duration most;
};

class backoff {
 public:
  /// Errors: `usage_error` if a duration is not positive.
  backoff(pauses wanted, std::uint32_t seed);

  /// Twice as long as the last time, up to the limit, less a random part of up to a half.
  [[nodiscard]] duration next();
  /// Begins anew.
  void reset() noexcept { step_ = wanted_.first; }

 private:
  pauses wanted_;
  duration step_;
  std::minstd_rand random_;
};

}  // namespace interloop::streams
