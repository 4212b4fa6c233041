// SPDX-License-Identifier: MIT
// Replaces `__cxa_throw` in a program with a statically linked C++ runtime: the linker's `--wrap` turns its calls into
// calls of this. Nothing is unloaded there. Throws of shared libraries that use another runtime are not seen.
#include "thrown.hpp"

#include <unwind.h>

#include <typeinfo>

extern "C" {
[[noreturn]] void __real___cxa_throw(void* object, std::type_info* type, void (*own)(void*));
[[noreturn, gnu::noinline]] void __wrap___cxa_throw(void* object, std::type_info* type, void (*own)(void*));
}

void __wrap___cxa_throw(void* object, std::type_info* type, void (*own)(void*)) {
  __real___cxa_throw(object, type, interloop::throw_traces::thrown(object, own, __builtin_frame_address(0)));
}

// Users are linked with `-u` for this symbol: so the linker takes this file from an archive even if a sanitizer's
// library, which has a `__cxa_throw` too, came first, and does not drop it as a shared library.
extern "C" {
[[gnu::visibility("default")]] extern const char interloop_throw_traces;
const char interloop_throw_traces = 1;
}
