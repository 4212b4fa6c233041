// SPDX-License-Identifier: MIT
// Strings in JSON.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace interloop::detail {

/// The number of bytes of the UTF-8 sequence at the front of a text that is not empty, or 0 if it is invalid, as overlong
/// forms and surrogates are.
[[nodiscard]] std::size_t utf8_size(std::string_view text) noexcept;

/// Appends a JSON string with its quotation marks. Bytes that are not UTF-8 become U+FFFD. Errors: `std::bad_alloc`.
void append_json(std::string& to, std::string_view text);

}  // namespace interloop::detail
