// SPDX-License-Identifier: MIT
// INTERLOOP_CHECKED: 1 if the library was built to look for misuse. The CMake and pkg-config targets define it.
#pragma once

#ifndef INTERLOOP_CHECKED
#define INTERLOOP_CHECKED 0
#endif
