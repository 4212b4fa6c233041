// SPDX-License-Identifier: MIT
// The version of these headers, for `#if` and for humans.
#pragma once

#define INTERLOOP_VERSION_MAJOR 0
#define INTERLOOP_VERSION_MINOR 1
#define INTERLOOP_VERSION_PATCH 0
#define INTERLOOP_VERSION "0.1.0"
