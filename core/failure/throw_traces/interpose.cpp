// SPDX-License-Identifier: MIT
// Replaces the C++ runtime's `__cxa_throw` and the C library's `dlclose` by being found first: these are in the
// program, or in a library that precedes libstdc++ in the order of dependencies. They call the next ones in that order,
// which are the runtime's own or a sanitizer's. Rethrowing needs nothing: the exception object, and what was recorded
// for it, stay the same.
#include "thrown.hpp"

#include "core/failure/stack/capture.hpp"

#include <dlfcn.h>
#include <unwind.h>

#include <cstdio>
#include <cstdlib>
#include <typeinfo>

namespace {

template <class Function>
Function next(const char* name) noexcept {
  void* found = ::dlsym(RTLD_NEXT, name);
  if (!found) {
    // In a program with a statically linked C++ runtime there is no next one.
    std::fprintf(stderr,
                 "interloop: %s was not found in a shared library; link interloop::throw_traces_static instead of "
                 "interloop::throw_traces if the C++ runtime is linked statically\n",
                 name);
    std::abort();
  }
  return reinterpret_cast<Function>(found);
}

}  // namespace

#if defined(__clang__)
#pragma clang diagnostic ignored "-Wmissing-prototypes"
#endif

extern "C" [[noreturn, gnu::visibility("default"), gnu::noinline]] void __cxa_throw(void* object, std::type_info* type,
                                                                                    void (*own)(void*)) {
  using throws = void (*)(void*, std::type_info*, void (*)(void*));
  static const auto runtime = next<throws>("__cxa_throw");
  runtime(object, type, interloop::throw_traces::thrown(object, own, __builtin_frame_address(0)));
  __builtin_unreachable();
}

extern "C" [[gnu::visibility("default")]] int dlclose(void* library) noexcept {
  using closes = int (*)(void*);
  static const auto runtime = next<closes>("dlclose");
  interloop::stack::forget_rules();
  const int result = runtime(library);
  interloop::stack::forget_rules();  // again, as destructors may have thrown meanwhile
  return result;
}

// Users are linked with `-u` for this symbol: so the linker takes this file from an archive even if a sanitizer's
// library, which has a `__cxa_throw` too, came first, and does not drop it as a shared library.
extern "C" {
[[gnu::visibility("default")]] extern const char interloop_throw_traces;
const char interloop_throw_traces = 1;
}
