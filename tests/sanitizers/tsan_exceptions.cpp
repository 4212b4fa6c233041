// SPDX-License-Identifier: MIT
// Lets ThreadSanitizer see how libstdc++ counts the owners of an exception. Linked into tests of the tsan preset only.
//
// The count is atomic, but it is inside libstdc++.so, which is not instrumented: so the thread that drops the last
// reference seems to race with all threads that looked at the exception before. The two functions that may drop it are
// wrapped here in a lock, which ThreadSanitizer does see. A suppression would not work: the frames to match are often
// missing from the report, and otherwise it would hide real races too.

#include <dlfcn.h>
#include <pthread.h>

#include <exception>
#include <mutex>

namespace {

// Recursive: destroying an exception may release another one that it owns.
constinit std::recursive_mutex first_mutex;
constinit std::recursive_mutex* reference_count_mutex = &first_mutex;

// A forked child gets its own mutex: at the fork, another thread of the parent may have been leaving a handler.
[[maybe_unused]] const int registered =
    pthread_atfork(nullptr, nullptr, [] { reference_count_mutex = new std::recursive_mutex; });

}  // namespace

namespace std::__exception_ptr {

void exception_ptr::_M_release() noexcept {
  using function = void (*)(exception_ptr*);
  static const auto original =
      reinterpret_cast<function>(dlsym(RTLD_NEXT, "_ZNSt15__exception_ptr13exception_ptr10_M_releaseEv"));
  const std::lock_guard lock(*reference_count_mutex);
  original(this);
}

}  // namespace std::__exception_ptr

extern "C" void __cxa_end_catch() {
  using function = void (*)();
  static const auto original = reinterpret_cast<function>(dlsym(RTLD_NEXT, "__cxa_end_catch"));
  const std::lock_guard lock(*reference_count_mutex);
  original();
}
