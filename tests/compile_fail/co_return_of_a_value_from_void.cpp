// expect: return_value|return_void
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

using namespace interloop;

future<void> work() {
#ifdef SHOULD_COMPILE
  co_return;
}
#else
  co_return 1;
}
#endif
