// expect: interloop: this awaitable cannot be moved to a place where it outlives the coroutine
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

using namespace interloop;

struct immovable {
  immovable() = default;
  immovable(const immovable&) = delete;
  immovable& operator=(const immovable&) = delete;
  bool await_ready() { return true; }
  void await_suspend(std::coroutine_handle<>) {}
  void await_resume() {}
};

future<void> work() {
#ifdef SHOULD_COMPILE
  co_await in_place([] { return immovable(); });
}
#else
  co_await immovable();
}
#endif
