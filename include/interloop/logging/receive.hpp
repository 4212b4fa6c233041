// SPDX-License-Identifier: MIT
// The way in for messages of another logging system. For those who connect one; see spdlog.hpp, glib.hpp and qt.hpp here.
#pragma once

#include <interloop/logging/level.hpp>
#include <interloop/logging/value.hpp>

#include <source_location>
#include <span>
#include <string_view>

namespace interloop {

/// Takes a message that another system has formatted. It goes to all sinks, in order with all others, except to those
/// that lead back to its origin.
///
/// \param origin  that system's name; it is the event's `origin`. The sink that leads there leaves such events out.
/// \param name    the logger's name there; where it is empty, the origin's.
/// Thread safety: any. Its levels are the loggers' of that name. Errors: none; without memory the message is counted as
/// lost.
void receive_log(std::string_view origin, std::string_view name, log_level level, std::string_view text,
                 std::span<const field_view> fields = {}, std::source_location where = {}) noexcept;

}  // namespace interloop
