// expect: interloop: the destructor of the function, of a capture or of an argument may throw
// SPDX-License-Identifier: MIT
#include <interloop/blocking.hpp>
#include <interloop/interloop.hpp>

#include "held.hpp"

using namespace interloop;

void use() {
  static_cast<void>(run_in_reactor([value = held()] { static_cast<void>(value); }));
}
