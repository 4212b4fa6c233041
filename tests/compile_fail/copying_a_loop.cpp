// expect: deleted
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

using namespace interloop;

void use(loop& core) {
#ifdef SHOULD_COMPILE
  loop& same = core;
  same.stop();
}
#else
  loop other = core;
  other.stop();
}
#endif
