// SPDX-License-Identifier: MIT
#include <interloop/detail/span_text.hpp>

#include <cmath>
#include <cstdio>
#include <string_view>

namespace interloop::detail {

std::string span_text(duration span) {
  struct unit {
    const char* name;
    double fits;  // how many are one of the next
  };
  constexpr unit units[] = {{"ns", 1000}, {"µs", 1000}, {"ms", 1000}, {"s", 60}, {"min", 60}, {"h", 0}};
  double amount = static_cast<double>(span.count());
  for (const unit& each : units) {
    const double size = std::abs(amount);
    const int decimals = size < 10 ? 2 : size < 100 ? 1 : 0;
    const double scale = decimals == 2 ? 100 : decimals == 1 ? 10 : 1;
    const double rounded = std::round(amount * scale) / scale;
    if (each.fits != 0 && std::abs(rounded) >= each.fits) {
      amount /= each.fits;
      continue;
    }
    char digits[64];
    const int length = std::snprintf(digits, sizeof digits, "%.*f", decimals, rounded);
    std::string_view text(digits, static_cast<std::size_t>(length));
    if (decimals > 0) {
      text.remove_suffix(text.size() - 1 - text.find_last_not_of('0'));
      if (text.back() == '.') text.remove_suffix(1);
    }
    return std::string(text) + " " + each.name;
  }
  return {};
}

}  // namespace interloop::detail
