// expect: (a_field_name_must_be_an_identifier|no matching literal operator)
// SPDX-License-Identifier: MIT
#include <interloop/logger.hpp>

#include <map>
#include <string>
#include <vector>

using namespace interloop;

void work(const logger& log) {
#ifdef SHOULD_COMPILE
  log.info("x", "some_times"_a = 42);
#else
  log.info("x", "some times"_a = 42);
#endif
}
