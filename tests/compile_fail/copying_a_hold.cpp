// expect: deleted
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

#include <utility>

using namespace interloop;

void use(loop_hold hold) {
#ifdef SHOULD_COMPILE
  loop_hold other = std::move(hold);
}
#else
  loop_hold other = hold;
}
#endif
