// SPDX-License-Identifier: MIT
// The entry for messages of another logging system, for code that connects one; spdlog.hpp, glib.hpp and qt.hpp are
// examples.
#pragma once

#include <interloop/logging/level.hpp>
#include <interloop/logging/value.hpp>

#include <source_location>
#include <span>
#include <string_view>

namespace interloop {

/// Takes a message that another system has formatted. It goes to all sinks, in order with all others, except to sinks
/// that lead back to its origin.
///
/// \param origin  that system's name, which becomes the event's `origin`. The sink that leads there omits such events.
/// \param name    the logger's name in that system; if empty, the origin's name is used.
/// Thread safety: any. The level of the logger of that name applies. Errors: none; without memory the message is
/// counted as lost.
void receive_log(std::string_view origin, std::string_view name, log_level level, std::string_view text,
                 std::span<const field_view> fields = {}, std::source_location where = {}) noexcept;

}  // namespace interloop
