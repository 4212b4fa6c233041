// expect: the_format_has_a_reference_without_a_name
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
