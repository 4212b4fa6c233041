// expect: (not a constant|non-.?constexpr|throw_format_error|invalid type specifier|invalid format)
// SPDX-License-Identifier: MIT
#include <interloop/logger.hpp>

#include <map>
#include <string>
#include <vector>

using namespace interloop;

void work(const logger& log) {
#ifdef SHOULD_COMPILE
  log.info("{x:>4}", "x"_a = "text");
#else
  log.info("{x:d}", "x"_a = "text");
#endif
}
