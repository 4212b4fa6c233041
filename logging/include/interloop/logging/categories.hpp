// SPDX-License-Identifier: MIT
// Formats by name, apart from the code that logs: log.info("log_category"_a = "connected", "peer"_a = address).
#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace interloop {

/// Adds formats by the name of their category. A call with a field `log_category` uses that category's format in place
/// of its own; if nobody added the category, the call uses its own format or, without one, shows its fields. Adding a
/// name again replaces its format. Whether the fields are there is checked when a message is logged: one that lacks a
/// field says so.
///
/// Thread safety: any. Errors: `usage_error` for a format that cannot be parsed; then none of the call's formats are
/// added.
/// Source: `txaio.add_log_categories`.
void add_log_categories(std::initializer_list<std::pair<std::string_view, std::string_view>> categories);
void add_log_categories(const std::map<std::string, std::string>& categories);

}  // namespace interloop
