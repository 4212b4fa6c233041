// SPDX-License-Identifier: MIT
// Switches logging on, for an application that has no logging system of its own, and sets how much is logged.
#pragma once

#include <interloop/logging/level.hpp>

#include <cstdio>
#include <iosfwd>

namespace interloop {

/// Sets the global level, and writes messages to `out` from now on, as `line_sink` does. Only the first call has an
/// effect: that is the application's, and libraries never call it.
///
/// Before it nothing is printed, and nothing is lost: messages at warn and above (at most 1,000, the first ones) are kept
/// for it and come out first, as far as `level` lets them through.
///
/// \param out    has to outlive logging, which lasts until the process ends.
/// \param level  for all loggers that are not pinned to one; a name is as good.
/// Thread safety: any. Errors: `usage_error` if the level is unknown, with the valid ones, or if nothing can be written
/// to `out`. Source: `txaio.start_logging`.
void start_logging(std::FILE* out = stdout, log_threshold level = log_level::info);
void start_logging(std::ostream& out, log_threshold level = log_level::info);
void start_logging(int descriptor, log_threshold level = log_level::info);

/// Sets the level of all loggers that are not pinned, of those that exist too, at once, up or down.
/// Thread safety: any. Errors: `usage_error` for an unknown name. Source: `txaio.set_global_log_level`.
void set_global_log_level(log_threshold level);

/// The level set by the last of the above; info before. Source: `txaio.get_global_log_level`.
[[nodiscard]] log_level get_global_log_level() noexcept;

}  // namespace interloop
