// SPDX-License-Identifier: MIT
// The work: 1,000 small requests to a real server, 100 at once. Measured is the processor time of this process, so the
// server's is not counted, and all threads' is.
#pragma once

#include "clients/http/tests/servers.hpp"

#include <benchmark/benchmark.h>

#include <stdexcept>

namespace bench {

inline constexpr std::size_t requests = 1'000, requests_at_once = 100;

/// The server that all of them ask.
inline nginx_server& server() {
  static nginx_server started;
  return started;
}
inline std::string hello_url() { return server().plain("/hello"); }
inline constexpr std::string_view hello = "hello\n";

/// After each round: how many responses were right.
inline void require_all(std::size_t right) {
  if (right != requests) throw std::runtime_error("a response was lost");
}

}  // namespace bench
