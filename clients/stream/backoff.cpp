// SPDX-License-Identifier: MIT
#include "backoff.hpp"

#include <interloop/error.hpp>

#include <algorithm>

namespace interloop::streams {

backoff::backoff(pauses wanted, std::uint32_t seed) : wanted_(wanted), step_(wanted.first), random_(seed) {
  if (wanted.first <= duration::zero() || wanted.most <= duration::zero())
    throw usage_error("reconnect_options: both durations must be longer than zero");
}

duration backoff::next() {
  const duration whole = std::min(step_, wanted_.most);
  step_ = whole > wanted_.most / 2 ? wanted_.most : whole * 2;
  return whole - duration(std::uniform_int_distribution<duration::rep>(0, whole.count() / 2)(random_));
}

}  // namespace interloop::streams
