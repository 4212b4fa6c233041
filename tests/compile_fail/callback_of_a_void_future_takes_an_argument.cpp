// expect: the callback cannot be called with the future's value
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

using namespace interloop;

void use(const future<void>& f) {
#ifdef SHOULD_COMPILE
  add_callbacks(f, [] {});
}
#else
  add_callbacks(f, [](int) {});
}
#endif
