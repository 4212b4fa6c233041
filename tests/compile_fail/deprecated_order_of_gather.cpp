// expect: write gather\(consume_exceptions, futures\): the other order goes away in interloop 0.3
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

#include <vector>

#pragma GCC diagnostic error "-Wdeprecated-declarations"

using namespace interloop;

void use(const std::vector<future<int>>& all) {
#ifdef SHOULD_COMPILE
  static_cast<void>(gather(consume_exceptions::no, all));
}
#else
  static_cast<void>(gather(all, consume_exceptions::no));
}
#endif
