// SPDX-License-Identifier: MIT
// Base64 (RFC 4648, with padding): bytes in JSON, and in authentication.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace interloop::wamp {

[[nodiscard]] std::string to_base64(std::string_view bytes);
/// Nothing if it is not base64. Padding may be missing.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

/// Lower-case hexadecimal.
[[nodiscard]] std::string to_hex(std::string_view bytes);
/// Nothing if it is not hexadecimal.
[[nodiscard]] std::optional<std::string> from_hex(std::string_view text);

}  // namespace interloop::wamp
