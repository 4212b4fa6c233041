// expect: the_format_names_a_member_that_the_value_does_not_have
// SPDX-License-Identifier: MIT
#include <interloop/logger.hpp>

#include <map>
#include <string>
#include <vector>

using namespace interloop;

void work(const logger& log) {
#ifdef SHOULD_COMPILE
  log.info("{x[0][1]}", "x"_a = std::vector<std::vector<int>>());
#else
  log.info("{x[0].a}", "x"_a = std::vector<int>());
#endif
}
