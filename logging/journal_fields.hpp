// SPDX-License-Identifier: MIT
// An event as the journal's fields, which GLib's structured log has too.
#pragma once

#include <interloop/logging/event.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace interloop::detail {

using journal_fields = std::vector<std::pair<std::string, std::string>>;

/// A field's name in the journal's form: capitals, digits and underscores, at most 64, not beginning with an underscore
/// or digit.
[[nodiscard]] std::string journal_name(std::string_view field);

/// The syslog priority of a level: 2 for critical to 7 for debug and trace.
[[nodiscard]] const char* journal_priority(log_level level) noexcept;

/// All fields of an event, except those that belong to the program.
[[nodiscard]] journal_fields fields_for_journal(const log_event& event);

}  // namespace interloop::detail
