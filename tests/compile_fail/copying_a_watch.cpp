// expect: deleted
// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

#include <utility>

using namespace interloop;

void use(fd_watch watch) {
#ifdef SHOULD_COMPILE
  fd_watch other = std::move(watch);
}
#else
  fd_watch other = watch;
}
#endif
