// SPDX-License-Identifier: MIT
// What the library and a program that uses it must agree on; if they do not, the linker says what is wrong.
//
// -D_GLIBCXX_DEBUG changes the standard containers, which public functions take and return: a program built with it
// would silently corrupt its memory when linked with a library built without it.
#pragma once

#include <version>

namespace interloop::detail {

#if defined(_GLIBCXX_DEBUG)
#define INTERLOOP_CONTAINERS build_interloop_with_GLIBCXX_DEBUG_too
#else
#define INTERLOOP_CONTAINERS build_interloop_without_GLIBCXX_DEBUG_too
#endif
extern const char INTERLOOP_CONTAINERS;

/// Once in each program and library; makes the linker look for the symbol that interloop was built with.
[[gnu::used]] inline const char* const same_containers = &INTERLOOP_CONTAINERS;

}  // namespace interloop::detail
