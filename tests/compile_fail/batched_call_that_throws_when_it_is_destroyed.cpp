// expect: interloop: the destructor of the function, of a capture or of an argument may throw
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

using namespace interloop;

struct throws {
  ~throws() noexcept(false) {}
  int value = 0;
};
struct quiet {
  int value = 0;
};

void use(batched_timer& timers) {
#ifdef SHOULD_COMPILE
  timers.call_later(std::chrono::seconds(1), [held = quiet()] { static_cast<void>(held); });
}
#else
  timers.call_later(std::chrono::seconds(1), [held = throws()] { static_cast<void>(held); });
}
#endif
