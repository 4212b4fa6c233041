// SPDX-License-Identifier: MIT
// Durations, clocks and their literals, without calendars, time zones and formats: what interloop needs of <chrono>.
//
// libstdc++ keeps that part in a header of its own, for <mutex> and the like, which costs a file a fifth of <chrono>, and
// from g++ 13 on a tenth. Where there is no such header, this is <chrono>. Files that need more include <chrono>. Row 0.
#pragma once

#include <version>

#if defined(__GLIBCXX__) && __has_include(<bits/chrono.h>)
#include <bits/chrono.h>
#else
#include <chrono>
#endif
