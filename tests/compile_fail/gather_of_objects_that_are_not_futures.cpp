// expect: no matching function for call to .?gather
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

#include <vector>

using namespace interloop;

void use(const std::vector<future<int>>& all, const std::vector<int>& others) {
  static_cast<void>(others);
#ifdef SHOULD_COMPILE
  static_cast<void>(gather(all));
}
#else
  static_cast<void>(gather(others));
}
#endif
