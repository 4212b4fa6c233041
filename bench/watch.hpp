// SPDX-License-Identifier: MIT
// One byte back and forth over a socketpair.
#pragma once

#include <benchmark/benchmark.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace bench {

inline constexpr int rounds = 200;

/// The two ends, and the number of bytes still to be passed on.
struct table_tennis {
  std::array<int, 2> ends{};
  int left = 0;

  table_tennis() { socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()); }
  ~table_tennis() {
    for (const int each : ends) close(each);
  }
  void serve() {
    left = 2 * rounds;
    benchmark::DoNotOptimize(write(ends[0], "x", 1));
  }
  /// Returns false after the last byte.
  bool pass(int end) {
    char byte;
    if (read(end, &byte, 1) != 1) return true;
    if (--left == 0) return false;
    benchmark::DoNotOptimize(write(end, &byte, 1));
    return true;
  }
};

}  // namespace bench
