// SPDX-License-Identifier: MIT
// Where the core's own reports go if nobody else takes them: to the log if there is one, otherwise to stderr.
#pragma once

#include <interloop/failure.hpp>

#include <atomic>
#include <string_view>

namespace interloop::detail {

/// Takes a report, and returns whether anybody will read it. Set by the logging library while the program starts.
using report_hook = bool (*)(std::string_view context, const failure& fail) noexcept;
extern std::atomic<report_hook> report_to;

/// Writes a whole line to stderr. If stderr is non-blocking and full, waits for room, at most a second. Never throws.
/// Thread safety: any.
void say(std::string_view line) noexcept;

/// Passes a report to the hook, or to stderr if there is no hook or nobody listens yet. Thread safety: any.
void report(std::string_view context, const failure& fail) noexcept;

}  // namespace interloop::detail
