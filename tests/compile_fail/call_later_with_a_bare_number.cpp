// expect: no matching function for call to .?call_later
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

using namespace interloop;

void use() {
#ifdef SHOULD_COMPILE
  call_later(std::chrono::seconds(5), [] {});
}
#else
  call_later(5, [] {});
}
#endif
