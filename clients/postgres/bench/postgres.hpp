// SPDX-License-Identifier: MIT
// The work: 64 statements in flight, `SELECT 1`, each a transaction of its own.
#pragma once

#include "clients/postgres/tests/server.hpp"

#include <benchmark/benchmark.h>

#include <cstddef>
#include <stdexcept>

namespace bench {

inline constexpr std::size_t in_flight = 64;

/// After each round: how many answers were right.
inline void require_all(std::size_t right) {
  if (right != in_flight) throw std::runtime_error("an answer was lost");
}

}  // namespace bench
