// expect: the_format_names_a_member_that_the_value_does_not_have
// SPDX-License-Identifier: MIT
#include <interloop/logger.hpp>

#include <map>
#include <string>
#include <vector>

using namespace interloop;

struct shape {
  int sides, corners;
};
template <>
inline constexpr auto interloop::description<shape> = interloop::describe("sides", &shape::sides);

void work(const logger& log) {
#ifdef SHOULD_COMPILE
  log.info("{s.sides}", "s"_a = shape{3, 1});
#else
  log.info("{s.corners}", "s"_a = shape{3, 1});
#endif
}
