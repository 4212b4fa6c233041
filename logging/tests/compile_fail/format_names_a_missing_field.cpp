// expect: the_format_names_a_field_that_is_not_given
// SPDX-License-Identifier: MIT
#include <interloop/logger.hpp>

#include <map>
#include <string>
#include <vector>

using namespace interloop;

void work(const logger& log) {
#ifdef SHOULD_COMPILE
  log.info("Hopping {times} times.", "times"_a = 42);
#else
  log.info("Hopping {times} times.", "time"_a = 42);
#endif
}
