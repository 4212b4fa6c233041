// SPDX-License-Identifier: MIT
// Places in the user's source, in messages.
#pragma once

#include <source_location>
#include <string>

namespace interloop::detail {

/// "client.cpp:31". Errors: `std::bad_alloc`.
[[nodiscard]] std::string place_text(const std::source_location& where);

}  // namespace interloop::detail
