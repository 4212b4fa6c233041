// expect: the_format_asks_for_a_key_of_a_value_that_has_none
// SPDX-License-Identifier: MIT
#include <interloop/logger.hpp>

#include <map>
#include <string>
#include <vector>

using namespace interloop;

void work(const logger& log) {
#ifdef SHOULD_COMPILE
  log.info("{x[one]}", "x"_a = std::map<std::string, int>());
#else
  log.info("{x[one]}", "x"_a = 42);
#endif
}
