// expect: (not a constant|non-.?constexpr|throw_format_error|invalid type specifier|invalid format)
// SPDX-License-Identifier: MIT
#include <interloop/logger.hpp>

#include <chrono>

using namespace interloop;

void work(const logger& log) {
#ifdef SHOULD_COMPILE
  log.info("{d:.1f}", "d"_a = std::chrono::seconds(1));
#else
  log.info("{d:%S}", "d"_a = std::chrono::seconds(1));
#endif
}
