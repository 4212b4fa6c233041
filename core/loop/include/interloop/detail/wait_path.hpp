// SPDX-License-Identifier: MIT
// What one future waits for, in a line of text: for messages.
#pragma once

#include <string>

namespace interloop {
class loop;
}

namespace interloop::detail {

struct pending;

/// "coroutine fetch (a.cpp:3), awaits at a.cpp:5 → future made at b.cpp:7". Takes time in proportion to what it waits for.
/// In the loop's thread. Errors: `std::bad_alloc`.
[[nodiscard]] std::string wait_path(const loop& core, const pending& from);

}  // namespace interloop::detail
