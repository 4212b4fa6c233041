// SPDX-License-Identifier: MIT
// INTERLOOP_CHECKED: 1 where the library was built to look for misuse, which the CMake and pkg-config targets define.
#pragma once

#ifndef INTERLOOP_CHECKED
#define INTERLOOP_CHECKED 0
#endif
