// expect: an observer that is a coroutine would outlive the outcome
// SPDX-License-Identifier: MIT
#include <interloop/bridge.hpp>
#include <interloop/coroutine.hpp>

using namespace interloop;

void use(const future<int>& f) {
#ifdef SHOULD_COMPILE
  observe(f, [](outcome<int>&) {});
#else
  observe(f, [](outcome<int>&) -> future<void> { co_return; });
#endif
}
