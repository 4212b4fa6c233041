// expect: no matching (member )?function for call to .?create_future
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

using namespace interloop;

future<int> make(const failure& error) {
  static_cast<void>(error);
#ifdef SHOULD_COMPILE
  return create_future<int>(error);
}
#else
  return create_future<int>(1, error);
}
#endif
