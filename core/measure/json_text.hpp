// SPDX-License-Identifier: MIT
// Strings in JSON.
#pragma once

#include <string>
#include <string_view>

namespace interloop::measure {

/// Appends a JSON string with its quotation marks. Bytes that are not UTF-8 become U+FFFD. Errors: `std::bad_alloc`.
void append_json(std::string& to, std::string_view text);

}  // namespace interloop::measure
