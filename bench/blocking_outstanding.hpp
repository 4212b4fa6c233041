// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

namespace bench {

inline constexpr std::size_t outstanding = 1'000;

inline int one() { return 1; }

}  // namespace bench
