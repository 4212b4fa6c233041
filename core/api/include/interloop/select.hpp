// SPDX-License-Identifier: MIT
// How `use_<loop>()` selects a loop. For adapters; config.hpp is what users need.
#pragma once

#include <interloop/function.hpp>
#include <interloop/loop_owner.hpp>

#include <string_view>

namespace interloop::detail {

/// Selects the loop that `make` returns, owned until the process ends. Selecting the same native loop again returns the
/// existing loop; selecting another one while that is open throws `usage_error`.
/// \param name    as in `use_<name>`.
/// \param native  tells native loops of one name apart.
loop& select(std::string_view name, const void* native, function<loop_owner()> make);

/// Whether the selected loop has this name and is open.
[[nodiscard]] bool using_loop(std::string_view name) noexcept;

}  // namespace interloop::detail
