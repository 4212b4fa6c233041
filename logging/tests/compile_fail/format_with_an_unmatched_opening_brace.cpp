// expect: the_format_has_an_unmatched_opening_brace
// SPDX-License-Identifier: MIT
#include <interloop/logger.hpp>

#include <map>
#include <string>
#include <vector>

using namespace interloop;

void work(const logger& log) {
#ifdef SHOULD_COMPILE
  log.info("{times}", "times"_a = 42);
#else
  log.info("{times", "times"_a = 42);
#endif
}
