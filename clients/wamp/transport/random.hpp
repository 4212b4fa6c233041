// SPDX-License-Identifier: MIT
// Random bytes that cannot be foreseen.
#pragma once

#include <cstddef>

namespace interloop::wamp {

/// \return false if the system has none.
[[nodiscard]] bool random_bytes(unsigned char* to, std::size_t count) noexcept;

}  // namespace interloop::wamp
