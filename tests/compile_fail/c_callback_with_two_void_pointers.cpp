// expect: the callback has no parameter of type void\*, or several
// SPDX-License-Identifier: MIT
#include <interloop/c_callback.hpp>

using namespace interloop;

using with_object = void (*)(void* object, void* data);

void start(loop& core) {
#ifdef SHOULD_COMPILE
  static_cast<void>(c_callback<with_object, 1>(core));
#else
  static_cast<void>(c_callback<with_object>(core));
#endif
}
