// SPDX-License-Identifier: MIT
// A mark in the list of what is pending: everything behind it was there at that time.
//
// The list has the newest first, so a mark says of all that follows how old it is at least, and costs those nothing.
#pragma once

#include <interloop/loop.hpp>

#include <cstdint>

namespace interloop::detail {

struct age_mark : pending {
  explicit age_mark(std::int64_t now) noexcept : pending{&table}, when(now) {}

  static const operations table;

  std::int64_t when;  // nanoseconds on the loop's clock
};

}  // namespace interloop::detail
