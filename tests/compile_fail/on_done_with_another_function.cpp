// expect: the function takes \(int error, const char\* message
// SPDX-License-Identifier: MIT
#include <interloop/c_callback.hpp>

using namespace interloop;

#ifdef SHOULD_COMPILE
void done(int, const char*, const int*, void*) {}
#else
void done(int, const char*, const char*, void*) {}
#endif

void tell(const future<int>& of) { on_done(of, &done, nullptr); }
