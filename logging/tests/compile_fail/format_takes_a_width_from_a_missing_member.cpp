// expect: the_format_names_a_member_that_the_value_does_not_have
// SPDX-License-Identifier: MIT
#include <interloop/logger.hpp>

using namespace interloop;

void work(const logger& log) {
#ifdef SHOULD_COMPILE
  log.info("{x:{w}}", "x"_a = 1, "w"_a = 4);
#else
  log.info("{x:{w.idth}}", "x"_a = 1, "w"_a = 4);
#endif
}
