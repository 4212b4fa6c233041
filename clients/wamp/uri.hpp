// SPDX-License-Identifier: MIT
// Names of procedures, topics and errors. Routers close the connection, with all that is pending, for a malformed one.
#pragma once

#include <interloop/wamp/operations.hpp>

#include <string_view>

namespace interloop::wamp {

/// Whether it is a URI by WAMP's loose rules: components between dots, none of them empty, without spaces, `#`, and
/// control characters. As a pattern: `prefix` may end with a dot, `wildcard` may have empty components.
[[nodiscard]] bool is_uri(std::string_view text, match how = match::exact) noexcept;

/// Errors: `usage_error` if it is not. \param function  for the message.
void require_uri(std::string_view text, const char* function, match how = match::exact);
/// The same for what a client offers: `wamp.` is the router's.
void require_own_uri(std::string_view text, const char* function, match how = match::exact);

}  // namespace interloop::wamp
