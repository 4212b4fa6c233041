// SPDX-License-Identifier: MIT
// Which loop the process has selected.
//
// Thread safety: select a loop before other threads use these functions; nothing here is locked.
#pragma once

#include <interloop/current_loop.hpp>

namespace interloop {

/// The process-wide configuration. `config().loop` is the loop that functions use outside of any loop's turn; null
/// until `use_<loop>()`. The application may assign a loop that it owns, which must live as long as it is selected.
/// Source: `txaio.config`.
[[nodiscard]] inline detail::configuration& config() noexcept { return detail::selected; }

}  // namespace interloop
