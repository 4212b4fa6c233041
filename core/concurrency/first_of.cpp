// SPDX-License-Identifier: MIT
#include <interloop/first_of.hpp>

#include <interloop/detail/made_failure.hpp>
#include <interloop/error.hpp>

namespace interloop::detail {

failure lost_the_race(std::source_location where) noexcept {
  return made_failure(where, [] { return cancelled_error("another future of a first_of was the first"); });
}

}  // namespace interloop::detail
