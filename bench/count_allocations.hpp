// SPDX-License-Identifier: MIT
// Counts what the replaced operator new hands out in this program.
#pragma once

#include <cstddef>

namespace bench {

struct allocations {
  std::size_t count = 0;
  std::size_t bytes = 0;
};
extern allocations allocated;  // since the program began, not less what was given back

}  // namespace bench
