// expect: interloop: the destructor of the function, of a capture or of an argument may throw
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

#include "held.hpp"

using namespace interloop;

void use(loop& core) {
  core.call_soon([value = held()] { static_cast<void>(value); });
}
