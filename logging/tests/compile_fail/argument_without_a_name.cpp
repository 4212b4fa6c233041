// expect: a message's arguments must have names
// SPDX-License-Identifier: MIT
#include <interloop/logger.hpp>

using namespace interloop;

void work(const logger& log) {
#ifdef SHOULD_COMPILE
  log.info("{a}", "a"_a = 1, "b"_a = 3);
#else
  log.info("{a}", "a"_a = 1, 3);
#endif
}
