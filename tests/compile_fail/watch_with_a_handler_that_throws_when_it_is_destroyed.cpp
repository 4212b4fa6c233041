// expect: interloop: the destructor of the function, of a capture or of an argument may throw
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

#include "held.hpp"

using namespace interloop;

fd_watch use(loop& core) {
  return core.watch(0, interest::read, [value = held()](interest) { static_cast<void>(value); });
}
