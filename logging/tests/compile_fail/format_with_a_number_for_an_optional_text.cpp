// expect: (not a constant|non-.?constexpr|throw_format_error|invalid type specifier|invalid format)
// SPDX-License-Identifier: MIT
#include <interloop/logger.hpp>

#include <optional>
#include <string>

using namespace interloop;

void work(const logger& log) {
#ifdef SHOULD_COMPILE
  log.info("{x:>4}", "x"_a = std::optional<std::string>());
#else
  log.info("{x:d}", "x"_a = std::optional<std::string>());
#endif
}
