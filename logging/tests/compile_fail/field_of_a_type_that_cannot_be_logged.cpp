// expect: a value of this type cannot be logged
// SPDX-License-Identifier: MIT
#include <interloop/logger.hpp>

#include <map>
#include <string>
#include <vector>

using namespace interloop;

struct opaque {};

void work(const logger& log) {
#ifdef SHOULD_COMPILE
  log.info("{x}", "x"_a = 1);
#else
  log.info("{x}", "x"_a = opaque());
#endif
}
