// SPDX-License-Identifier: MIT
// Which loop the process has selected.
//
// Thread safety: select a loop before other threads use these functions; nothing here is locked.
#pragma once

#include <interloop/loop.hpp>

#include <string_view>

namespace interloop {

/// The process-wide configuration. `config().loop` is the loop that functions use when they run in no loop's turn; null
/// until `use_<loop>()`. It may be assigned a loop that the application owns; the loop must outlive its being selected.
/// Source: `txaio.config`.
[[nodiscard]] inline detail::configuration& config() noexcept { return detail::selected; }

namespace detail {

/// Selects the loop that `make` returns, owned until the process ends. Selecting the same native loop again returns the
/// loop there is; another one, while that is open, throws `usage_error`.
/// \param name    as in `use_<name>`.
/// \param native  tells native loops of one name apart.
loop& select(std::string_view name, const void* native, function<loop_owner()> make);

/// Whether the selected loop has this name and is open.
[[nodiscard]] inline bool using_loop(std::string_view name) noexcept {
  return selected.loop && !selected.loop->closed() && selected.loop->name() == name;
}

}  // namespace detail
}  // namespace interloop
