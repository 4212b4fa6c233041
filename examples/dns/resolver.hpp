// SPDX-License-Identifier: MIT
// Looks up names with c-ares, on any loop. All of c-ares's network access goes through `watch` and timers.
#pragma once

#include <interloop/interloop.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

namespace dns {

/// A lookup failed. `what()` says which name and why.
class dns_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct options {
  std::string servers;                       // "address:port", several separated by commas; empty: the system's
  std::chrono::milliseconds try_for{2'000};  // how long c-ares waits for a server before it tries the next
  int tries = 3;
};

/// The IPv4 addresses of `name`, in the order of the answer. Each lookup has its own channel, so cancelling one
/// (`ares_cancel`) does not affect the others.
/// Thread safety: a loop's thread only. Errors: the future fails with `dns_error`.
[[nodiscard]] interloop::future<std::vector<std::string>> lookup(const std::string& name, const options& how = {});

}  // namespace dns
