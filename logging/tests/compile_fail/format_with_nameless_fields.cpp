// expect: the_format_lacks_a_field_name
// SPDX-License-Identifier: MIT
#include <interloop/logger.hpp>

#include <map>
#include <string>
#include <vector>

using namespace interloop;

void work(const logger& log) {
#ifdef SHOULD_COMPILE
  log.info("{x}", "x"_a = 42);
#else
  log.info("{}", "x"_a = 42);
#endif
}
