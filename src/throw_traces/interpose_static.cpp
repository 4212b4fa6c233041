// SPDX-License-Identifier: MIT
// Stands before `__cxa_throw` in a program that has the C++ runtime inside itself: the linker's `--wrap` turns calls of it
// into calls of this. Nothing is unloaded there. What shared libraries throw by a runtime of their own is not seen.
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

// What users are linked with `-u` for: of an archive the linker takes this file even where a sanitizer's library came first
// and has a `__cxa_throw` too, and a shared library of this is not left out.
extern "C" {
[[gnu::visibility("default")]] extern const char interloop_throw_traces;
const char interloop_throw_traces = 1;
}
