// expect: interloop: this awaitable can be awaited only in coroutines of its own library
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

using namespace interloop;

struct their_promise;

struct theirs {
  bool await_ready() { return false; }
#ifdef SHOULD_COMPILE
  void await_suspend(std::coroutine_handle<>) {}
#else
  void await_suspend(std::coroutine_handle<their_promise>) {}
#endif
  void await_resume() {}
};

future<void> work() { co_await theirs(); }
