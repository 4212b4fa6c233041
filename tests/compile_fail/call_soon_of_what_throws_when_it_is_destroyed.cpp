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

void use(loop& core) {
#ifdef SHOULD_COMPILE
  core.call_soon([held = quiet()] { static_cast<void>(held); });
}
#else
  core.call_soon([held = throws()] { static_cast<void>(held); });
}
#endif
