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

fd_watch use(loop& core) {
#ifdef SHOULD_COMPILE
  return core.watch(0, interest::read, [held = quiet()](interest) { static_cast<void>(held); });
}
#else
  return core.watch(0, interest::read, [held = throws()](interest) { static_cast<void>(held); });
}
#endif
