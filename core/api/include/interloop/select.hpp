// SPDX-License-Identifier: MIT
// For adapters: what `use_<loop>()` and `using_<loop>()` are made of. Users need config.hpp.
#pragma once

#include <interloop/function.hpp>
#include <interloop/loop_owner.hpp>

#include <string_view>

namespace interloop {

/// `use_<loop>()`: selects the loop that `make` returns, which is kept until the process ends or another one is selected.
/// If the same native loop is selected already, returns its loop. Errors: `usage_error` if another loop is selected and
/// not closed; what `make` throws, and then nothing has changed.
/// \param name    the loop's `name()`, as in `use_<name>`.
/// \param native  tells native loops of one name apart.
/// Thread safety: as `config`.
loop& select_loop(std::string_view name, const void* native, function<loop_owner()> make);

/// `using_<loop>()`: whether a loop of this name is selected and not closed.
/// Thread safety: as `config`.
[[nodiscard]] bool loop_selected(std::string_view name) noexcept;

}  // namespace interloop
