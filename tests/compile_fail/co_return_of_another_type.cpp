// expect: return_value
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

using namespace interloop;

future<int> work() {
#ifdef SHOULD_COMPILE
  co_return 1;
}
#else
  co_return "one";
}
#endif
