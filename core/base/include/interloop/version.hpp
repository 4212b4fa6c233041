// SPDX-License-Identifier: MIT
// The version of these headers, for `#if` and for humans, and a check of the language version that they need.
#pragma once

#if __cplusplus < 202002L
#error "interloop needs C++20: compile with -std=c++20. The errors below are caused by that."
#endif

#define INTERLOOP_VERSION_MAJOR 0
#define INTERLOOP_VERSION_MINOR 1
#define INTERLOOP_VERSION_PATCH 0
#define INTERLOOP_VERSION "0.1.0"
