// SPDX-License-Identifier: MIT
// Which loop the process has selected.
//
// Thread safety: select a loop before other threads use these functions; nothing here is locked.
#pragma once

#include <interloop/loop.hpp>

namespace interloop {

/// The process-wide configuration. `config().loop` is the loop that functions use when they run in no loop's turn; null
/// until `use_<loop>()`. It may be assigned a loop that the application owns; the loop must outlive its being selected.
/// Source: `txaio.config`.
[[nodiscard]] inline detail::configuration& config() noexcept { return detail::selected; }

}  // namespace interloop
