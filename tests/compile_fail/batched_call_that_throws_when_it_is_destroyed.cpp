// expect: interloop: the destructor of the function, of a capture or of an argument may throw
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

#include "held.hpp"

using namespace interloop;

void use(batched_timer& timers) {
  timers.call_later(std::chrono::seconds(1), [value = held()] { static_cast<void>(value); });
}
