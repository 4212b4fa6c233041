// SPDX-License-Identifier: MIT
// The demonstration's work, written twice: with callbacks and with `co_await`. It names no event loop, and it is compiled
// once for all of them.
#pragma once

#include "measure.hpp"

#include <interloop/api.hpp>
#include <interloop/redis.hpp>

#include <cstdint>

namespace demo {

namespace redis = interloop::redis;

/// Writes every item and reads it back, with `window` commands in flight, and checks each value. The future is resolved
/// when all commands have replies or failures; failures are counted, not thrown. `client` and `measured` must live
/// until then.
[[nodiscard]] interloop::future<void> run_callbacks(interloop::api loop, redis::client& client, measurement& measured,
                                                    std::uint64_t window);
[[nodiscard]] interloop::future<void> run_coroutines(interloop::api loop, redis::client& client, measurement& measured,
                                                     std::uint64_t window);

}  // namespace demo
