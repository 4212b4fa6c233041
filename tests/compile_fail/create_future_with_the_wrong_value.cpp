// expect: no matching (member )?function for call to .?create_future
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

using namespace interloop;

future<int> make() {
#ifdef SHOULD_COMPILE
  return create_future<int>(1);
}
#else
  return create_future<int>("one");
}
#endif
