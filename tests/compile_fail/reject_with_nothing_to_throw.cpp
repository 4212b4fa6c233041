// expect: no matching function for call to .?reject|conversion|convert
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

#include <stdexcept>

using namespace interloop;

void use(const future<int>& f) {
#ifdef SHOULD_COMPILE
  reject(f, std::runtime_error("no"));
}
#else
  reject(f, std::runtime_error("no"), 5);
}
#endif
