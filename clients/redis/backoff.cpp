// SPDX-License-Identifier: MIT
#include "backoff.hpp"

#include <interloop/error.hpp>

#include <algorithm>

namespace interloop::redis {

backoff::backoff(reconnect_options options, std::uint32_t seed)
    : options_(options), step_(options.first), random_(seed) {
  if (options.first <= duration::zero() || options.most <= duration::zero())
    throw usage_error("reconnect_options: both durations must be longer than zero");
}

duration backoff::next() {
  const duration whole = std::min(step_, options_.most);
  step_ = whole > options_.most / 2 ? options_.most : whole * 2;
  return whole - duration(std::uniform_int_distribution<duration::rep>(0, whole.count() / 2)(random_));
}

}  // namespace interloop::redis
