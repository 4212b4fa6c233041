// expect: future<T> needs a movable object type, or void
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

#include <memory>

using namespace interloop;

struct fixed {
  fixed() = default;
  fixed(const fixed&) = delete;
  fixed& operator=(const fixed&) = delete;
};

#ifdef SHOULD_COMPILE
future<std::unique_ptr<fixed>> f;
#else
future<fixed> f;
#endif
