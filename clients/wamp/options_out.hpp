// SPDX-License-Identifier: MIT
// How options are written into messages.
#pragma once

#include <interloop/wamp/operations.hpp>
#include <interloop/wamp/value.hpp>
#include <interloop/wamp/writer.hpp>

namespace interloop::wamp {

[[nodiscard]] const char* name_of(match how) noexcept;

/// The members of a map that has been begun.
void write_members(writer& to, const dict& all);

}  // namespace interloop::wamp
