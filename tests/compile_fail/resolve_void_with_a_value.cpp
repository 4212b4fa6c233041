// expect: no matching function for call to .?resolve
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

using namespace interloop;

void use(const future<void>& f) {
#ifdef SHOULD_COMPILE
  resolve(f);
}
#else
  resolve(f, 1);
}
#endif
