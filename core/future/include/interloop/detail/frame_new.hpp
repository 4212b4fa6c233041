// SPDX-License-Identifier: MIT
// INTERLOOP_FRAME_NEW: an attribute of the `operator new` and `operator delete` of a promise.
//
// g++ has to inline both, or it takes a template's `new` and its class's `delete` for a mismatch
// (-Wmismatched-new-delete). clang must not be told to: without optimisation, clang 19 copies the inlined function's
// temporaries into the frame after their end, which AddressSanitizer reports as a use after scope.
#pragma once

#ifdef __clang__
#define INTERLOOP_FRAME_NEW
#else
#define INTERLOOP_FRAME_NEW [[gnu::always_inline]]
#endif
