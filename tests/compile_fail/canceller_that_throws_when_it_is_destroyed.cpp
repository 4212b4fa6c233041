// expect: interloop: the destructor of the function, of a capture or of an argument may throw
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

#include "held.hpp"

using namespace interloop;

future<int> use() {
  return create_future<int>([value = held()] { static_cast<void>(value); });
}
