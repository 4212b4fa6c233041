// SPDX-License-Identifier: MIT
// Spans of time in messages.
#pragma once

#include <interloop/time.hpp>

#include <string>

namespace interloop::detail {

/// The span in the largest fitting unit, from ns to h, with at most three digits unless there are more hours: "1.5 s",
/// "20 ms", "2 h". Errors: `std::bad_alloc`.
[[nodiscard]] std::string span_text(duration span);

}  // namespace interloop::detail
