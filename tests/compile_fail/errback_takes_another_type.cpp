// expect: the errback cannot be called with a const interloop::failure
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

using namespace interloop;

void use(const future<int>& f) {
#ifdef SHOULD_COMPILE
  add_callbacks(f, nullptr, [](const failure&) {});
}
#else
  add_callbacks(f, nullptr, [](int) {});
}
#endif
