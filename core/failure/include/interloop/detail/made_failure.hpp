// SPDX-License-Identifier: MIT
// A failure for what the library itself has to say.
#pragma once

#include <interloop/failure.hpp>

#include <exception>
#include <source_location>
#include <utility>

namespace interloop::detail {

/// A failure with the exception that `make` returns or, if there is no memory for it, with what was thrown instead.
template <class Make>
[[nodiscard]] failure made_failure(std::source_location where, Make make) noexcept {
  std::exception_ptr why;
  try {
    why = std::make_exception_ptr(make());
  } catch (...) {
    why = std::current_exception();
  }
  return failure::of(std::move(why), where);
}

}  // namespace interloop::detail
