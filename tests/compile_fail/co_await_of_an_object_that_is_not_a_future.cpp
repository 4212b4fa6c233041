// expect: interloop: co_await needs a future or an awaitable
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

using namespace interloop;

future<int> work() {
#ifdef SHOULD_COMPILE
  co_return co_await create_future<int>(1);
}
#else
  co_return co_await 1;
}
#endif
