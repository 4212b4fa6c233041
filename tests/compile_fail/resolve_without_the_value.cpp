// expect: no matching function for call to .?resolve
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

using namespace interloop;

void use(const future<int>& f) {
#ifdef SHOULD_COMPILE
  resolve(f, 0);
}
#else
  resolve(f);
}
#endif
