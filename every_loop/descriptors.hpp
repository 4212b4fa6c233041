// SPDX-License-Identifier: MIT
// Which descriptors the process has open.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace interloop::testing::detail {

/// Each open descriptor with what it is ("socket:[4711]", a path), sorted. Empty where the system does not tell.
using descriptors = std::vector<std::pair<int, std::string>>;
[[nodiscard]] descriptors open_descriptors();

/// Those of `now` that are not in `before`, one a line; a number that now means another file is among them.
[[nodiscard]] std::string opened_since(const descriptors& before, const descriptors& now);

}  // namespace interloop::testing::detail
