// SPDX-License-Identifier: MIT
// Whether this is compiled for AddressSanitizer or ThreadSanitizer. Both make everything slower, and ThreadSanitizer does
// not see the locks of libraries that are not compiled for it. g++ says so by macros, clang 19 by features.
#pragma once

#ifdef __has_feature
#define INTERLOOP_TEST_HAS(feature) __has_feature(feature)
#else
#define INTERLOOP_TEST_HAS(feature) 0
#endif

namespace interloop::test {

#if defined(__SANITIZE_ADDRESS__) || INTERLOOP_TEST_HAS(address_sanitizer)
inline constexpr bool with_asan = true;
#else
inline constexpr bool with_asan = false;
#endif

#if defined(__SANITIZE_THREAD__) || INTERLOOP_TEST_HAS(thread_sanitizer)
inline constexpr bool with_tsan = true;
#else
inline constexpr bool with_tsan = false;
#endif

}  // namespace interloop::test

#undef INTERLOOP_TEST_HAS
