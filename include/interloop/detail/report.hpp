// SPDX-License-Identifier: MIT
// What the core itself has to report, when nobody else takes it: to the log, where there is one, or else to stderr.
#pragma once

#include <interloop/failure.hpp>

#include <atomic>
#include <string_view>

namespace interloop::detail {

/// Takes a report, and says whether anybody will read it. Set by the logging library, while the program starts.
using report_hook = bool (*)(std::string_view context, const failure& fail) noexcept;
extern std::atomic<report_hook> report_to;

/// Writes a line to stderr, whole: where that is full and does not block, waits for room, a second at most. Never throws.
/// Thread safety: any.
void say(std::string_view line) noexcept;

/// Hands a report to the hook; to stderr where there is none, or nobody listens yet. Thread safety: any.
void report(std::string_view context, const failure& fail) noexcept;

}  // namespace interloop::detail
