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

future<int> use() {
#ifdef SHOULD_COMPILE
  return create_future<int>([held = quiet()] { static_cast<void>(held); });
}
#else
  return create_future<int>([held = throws()] { static_cast<void>(held); });
}
#endif
