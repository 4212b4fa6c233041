// expect: the function cannot be called with these arguments
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

using namespace interloop;

void use() {
#ifdef SHOULD_COMPILE
  call_later(std::chrono::seconds(1), [](int) {}, 1);
}
#else
  call_later(std::chrono::seconds(1), [](int) {}, "one");
}
#endif
