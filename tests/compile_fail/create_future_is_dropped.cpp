// expect: unused-result|nodiscard|ignoring return value
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

using namespace interloop;

void use() {
#ifdef SHOULD_COMPILE
  static_cast<void>(create_future<int>());
}
#else
  create_future<int>();
}
#endif
