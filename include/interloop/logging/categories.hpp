// SPDX-License-Identifier: MIT
// Formats by name, apart from the code that logs: log.info("log_category"_a = "connected", "peer"_a = address).
#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace interloop {

/// Adds formats by the name of their category. A call with a field `log_category` takes that category's format in place
/// of its own; one whose category nobody added keeps its own, or else shows its fields. A name that is added again takes
/// the new format. Whether the fields are there is seen as it is logged: a message that lacks one says so.
///
/// Thread safety: any. Errors: `usage_error` for a format that cannot be read; then none of the call's are added.
/// Source: `txaio.add_log_categories`.
void add_log_categories(std::initializer_list<std::pair<std::string_view, std::string_view>> categories);
void add_log_categories(const std::map<std::string, std::string>& categories);

}  // namespace interloop
