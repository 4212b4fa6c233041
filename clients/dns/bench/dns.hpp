// SPDX-License-Identifier: MIT
// The work: 1,000 lookups, of which at most so many are under way at once.
#pragma once

#include "clients/dns/tests/dnsmasq.hpp"

#include <benchmark/benchmark.h>

#include <stdexcept>

namespace bench {

inline constexpr std::size_t lookups = 1'000, lookups_at_once = 100;
inline constexpr const char* looked_up = "host.example";

/// The server that all of them ask.
inline const dnsmasq& dns_server() {
  static const dnsmasq started("192.0.2.1 host.example\n", {});
  return started;
}

/// After each round: how many answers were right.
inline void require_all(std::size_t right) {
  if (right != lookups) throw std::runtime_error("a lookup was lost");
}

}  // namespace bench
