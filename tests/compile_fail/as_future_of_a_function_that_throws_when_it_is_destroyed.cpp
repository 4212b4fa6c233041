// expect: interloop: the destructor of the function, of a capture or of an argument may throw
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

#include "held.hpp"

using namespace interloop;

future<int> use() {
  return as_future([value = held()]() -> future<int> { co_return value.value; });
}
