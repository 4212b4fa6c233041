// expect: the_format_has_a_field_name_that_is_not_an_identifier
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
  log.info("{0}", "x"_a = 42);
#endif
}
