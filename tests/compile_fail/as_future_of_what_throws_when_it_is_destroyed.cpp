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
  return as_future([held = quiet()]() -> future<int> { co_return held.value; });
}
#else
  return as_future([held = throws()]() -> future<int> { co_return held.value; });
}
#endif
