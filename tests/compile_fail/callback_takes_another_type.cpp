// expect: the callback cannot be called with the future's value
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

#include <string>

using namespace interloop;

void use(const future<int>& f) {
#ifdef SHOULD_COMPILE
  add_callbacks(f, [](int) {});
}
#else
  add_callbacks(f, [](const std::string&) {});
}
#endif
