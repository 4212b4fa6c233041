// SPDX-License-Identifier: MIT
// Counts the allocations of the replaced operator new in this program.
#pragma once

#include <cstddef>

namespace bench {

struct allocations {
  std::size_t count = 0;
  std::size_t bytes = 0;
};
extern allocations allocated;  // since the program's start; freed memory is not subtracted

}  // namespace bench
