// expect: the function cannot be called with these arguments|the function must be callable without arguments
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

using namespace interloop;

void use() {
#ifdef SHOULD_COMPILE
  call_soon([](int) {}, 1);
}
#else
  call_soon([](int) {});
}
#endif
