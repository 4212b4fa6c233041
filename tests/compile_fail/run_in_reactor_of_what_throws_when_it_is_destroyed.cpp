// expect: interloop: the destructor of the function, of a capture or of an argument may throw
// SPDX-License-Identifier: MIT
#include <interloop/blocking.hpp>
#include <interloop/interloop.hpp>
using namespace interloop;

struct throws {
  ~throws() noexcept(false) {}
  int value = 0;
};
struct quiet {
  int value = 0;
};

void use() {
#ifdef SHOULD_COMPILE
  static_cast<void>(run_in_reactor([held = quiet()] { static_cast<void>(held); }));
}
#else
  static_cast<void>(run_in_reactor([held = throws()] { static_cast<void>(held); }));
}
#endif
