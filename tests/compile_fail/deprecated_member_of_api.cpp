// expect: write interloop::resolve instead of api::resolve, which goes away in interloop 0.3
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

#pragma GCC diagnostic error "-Wdeprecated-declarations"

using namespace interloop;

void use(const api& async, const future<int>& answer) {
#ifdef SHOULD_COMPILE
  static_cast<void>(async);
  resolve(answer, 42);
}
#else
  async.resolve(answer, 42);
}
#endif
