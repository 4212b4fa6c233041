// SPDX-License-Identifier: MIT
// Switches logging on, for an application that has no logging system of its own, and sets how much is logged.
#pragma once

#include <interloop/logging/level.hpp>

#include <cstdio>
#include <iosfwd>

namespace interloop {

/// Sets the global level, and writes messages to `out` from now on, as `line_sink` does. Only the first call has an
/// effect; it is up to the application to make it, and libraries never do.
///
/// Before this call nothing is printed, but messages at warn and above (at most 1,000, the first ones) are kept. They
/// are written first, as far as `level` lets them through.
///
/// \param out    must outlive logging, which lasts until the process ends.
/// \param level  for all loggers that are not pinned to a level; a level's name works too.
/// Thread safety: any. Errors: `usage_error` if the level is unknown, which lists the valid ones, or if `out` cannot be
/// written to. Source: `txaio.start_logging`.
void start_logging(std::FILE* out = stdout, log_threshold level = log_level::info);
void start_logging(std::ostream& out, log_threshold level = log_level::info);
void start_logging(int descriptor, log_threshold level = log_level::info);

/// Sets the level of all loggers that are not pinned, including existing ones, at once, up or down.
/// Thread safety: any. Errors: `usage_error` for an unknown name. Source: `txaio.set_global_log_level`.
void set_global_log_level(log_threshold level);

/// The level set by the last call of either function above; info before. Source: `txaio.get_global_log_level`.
[[nodiscard]] log_level get_global_log_level() noexcept;

}  // namespace interloop
