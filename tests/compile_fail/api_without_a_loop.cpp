// expect: no matching (function|constructor) for
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

using namespace interloop;

api bind(loop& core) {
#ifdef SHOULD_COMPILE
  return api(core);
}
#else
  static_cast<void>(core);
  return api();
}
#endif
