// expect: a future of a failure or of a future would be ambiguous
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

using namespace interloop;

#ifdef SHOULD_COMPILE
future<result<int>> f;
#else
future<failure> f;
#endif
