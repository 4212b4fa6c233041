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

void use(const future<int>& f) {
#ifdef SHOULD_COMPILE
  add_callbacks(f, [held = quiet()](int) { static_cast<void>(held); });
}
#else
  add_callbacks(f, [held = throws()](int) { static_cast<void>(held); });
}
#endif
