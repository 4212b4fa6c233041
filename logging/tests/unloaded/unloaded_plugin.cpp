// SPDX-License-Identifier: MIT
// A plugin that logs one line, LINE. Contains no library of its own: the program's is used.
#include <interloop/logger.hpp>

// An array, because linkers sort string literals by their text. The next plugin is to have its line at the same address.
static constexpr char line[] = LINE;

extern "C" void log_a_line() {
  using namespace interloop::literals;
  interloop::logger("plugin").info(line, "n"_a = 1);
}
