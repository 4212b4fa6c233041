// expect: unused-result|nodiscard|ignoring return value
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

using namespace interloop;

void use(loop& core) {
#ifdef SHOULD_COMPILE
  const fd_watch watch = core.watch(0, interest::read, [](interest) {});
}
#else
  core.watch(0, interest::read, [](interest) {});
}
#endif
