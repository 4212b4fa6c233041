// expect: (not a constant expression|not usable in a constant expression|no matching|consteval)
// SPDX-License-Identifier: MIT
#include <interloop/logger.hpp>

#include <map>
#include <string>
#include <vector>

using namespace interloop;

void work(const logger& log) {
#ifdef SHOULD_COMPILE
  const std::string text = "{x}";
  log.info(runtime(text), "x"_a = 42);
#else
  const std::string text = "{x}";
  log.info(text.c_str(), "x"_a = 42);
#endif
}
