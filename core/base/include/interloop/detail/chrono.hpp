// SPDX-License-Identifier: MIT
// The part of <chrono> that interloop needs: durations, clocks and their literals, without calendars, time zones and
// formats.
//
// libstdc++ keeps that part in a header of its own, for <mutex> and the like. It costs a file a fifth of <chrono>, from
// g++ 13 on a tenth. Without such a header, this includes <chrono>. Files that need more include <chrono> themselves.
#pragma once

#include <version>

#if defined(__GLIBCXX__) && __has_include(<bits/chrono.h>)
#include <bits/chrono.h>
#else
#include <chrono>
#endif
