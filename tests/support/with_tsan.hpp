// SPDX-License-Identifier: MIT
// Whether this is compiled for ThreadSanitizer, which does not see the locks of libraries that are not.
#pragma once

namespace interloop::test {

#if defined(__SANITIZE_THREAD__)
inline constexpr bool with_tsan = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr bool with_tsan = true;
#else
inline constexpr bool with_tsan = false;
#endif
#else
inline constexpr bool with_tsan = false;
#endif

}  // namespace interloop::test
