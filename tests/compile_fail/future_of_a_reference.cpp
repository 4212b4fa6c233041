// expect: future<T> needs a movable object type, or void
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

using namespace interloop;

#ifdef SHOULD_COMPILE
future<int*> f;
#else
future<int&> f;
#endif
