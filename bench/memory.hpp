// SPDX-License-Identifier: MIT
// Counts allocations and bytes.
#pragma once

#include "count_allocations.hpp"

#include <benchmark/benchmark.h>

#include <malloc.h>

#include <cstddef>

namespace bench {

inline constexpr int many = 1'000'000;

inline std::size_t used() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

/// Counts allocations between its construction and `report`.
class meter {
 public:
  void report(benchmark::State& state, double items) const {
    const allocations after = allocated;
    const std::size_t used_after = used();  // the counters themselves allocate
    state.counters["allocations"] = static_cast<double>(after.count - before_.count) / items;
    state.counters["bytes"] = static_cast<double>(after.bytes - before_.bytes) / items;
    state.counters["malloced"] = static_cast<double>(used_after - used_) / items;
  }

 private:
  std::size_t used_ = used();
  allocations before_ = allocated;
};

}  // namespace bench
