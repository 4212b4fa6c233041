// expect: the function cannot be called with these arguments
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

#include <functional>

using namespace interloop;

void use(int& counter) {
#ifdef SHOULD_COMPILE
  call_later(std::chrono::seconds(1), [](int& x) { ++x; }, std::ref(counter));
}
#else
  call_later(std::chrono::seconds(1), [](int& x) { ++x; }, counter);
}
#endif
