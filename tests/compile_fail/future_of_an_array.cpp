// expect: future<T> needs a movable object type, or void
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

#include <array>

using namespace interloop;

#ifdef SHOULD_COMPILE
future<std::array<int, 3>> f;
#else
future<int[3]> f;
#endif
