// SPDX-License-Identifier: MIT
// The version of these headers, for `#if` and for humans, and a check of the language version that they need.
#pragma once

#if __cplusplus < 202002L
#error "interloop needs C++20: compile with -std=c++20. The errors below are caused by that."
#endif

// These three numbers are the only place where the version is written. CMake, pyproject.toml and packaging/ read them.
#define INTERLOOP_VERSION_MAJOR 0
#define INTERLOOP_VERSION_MINOR 1
#define INTERLOOP_VERSION_PATCH 0

#define INTERLOOP_DETAIL_TEXT_OF(number) #number
#define INTERLOOP_DETAIL_VERSION(major, minor, patch) \
  INTERLOOP_DETAIL_TEXT_OF(major) "." INTERLOOP_DETAIL_TEXT_OF(minor) "." INTERLOOP_DETAIL_TEXT_OF(patch)

/// The same as a string literal, "MAJOR.MINOR.PATCH".
#define INTERLOOP_VERSION \
  INTERLOOP_DETAIL_VERSION(INTERLOOP_VERSION_MAJOR, INTERLOOP_VERSION_MINOR, INTERLOOP_VERSION_PATCH)
