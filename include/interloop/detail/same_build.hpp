// SPDX-License-Identifier: MIT
// What the library and a program that uses it have to agree on, or the linker says what is wrong. Row 0.
//
// -D_GLIBCXX_DEBUG changes the standard containers, which public functions take and return: linked with a library that was
// built without it, a program corrupted its memory without a word.
#pragma once

#include <version>

namespace interloop::detail {

#if defined(_GLIBCXX_DEBUG)
#define INTERLOOP_CONTAINERS build_interloop_with_GLIBCXX_DEBUG_too
#else
#define INTERLOOP_CONTAINERS build_interloop_without_GLIBCXX_DEBUG_too
#endif
extern const char INTERLOOP_CONTAINERS;

/// In each program and library once; asks the linker for the one that interloop was built with.
[[gnu::used]] inline const char* const same_containers = &INTERLOOP_CONTAINERS;

}  // namespace interloop::detail
