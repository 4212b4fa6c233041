// SPDX-License-Identifier: MIT
#include <interloop/detail/span_text.hpp>

#include <cstdio>

namespace interloop::detail {

std::string span_text(duration span) {
  double amount = static_cast<double>(span.count());
  const char* unit = "ns";
  for (const char* larger : {"us", "ms", "s"}) {
    if (amount < 1000) break;
    amount /= 1000;
    unit = larger;
  }
  char text[40];
  std::snprintf(text, sizeof text, "%.6g %s", amount, unit);
  return text;
}

}  // namespace interloop::detail
