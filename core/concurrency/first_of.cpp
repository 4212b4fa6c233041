// SPDX-License-Identifier: MIT
#include <interloop/first_of.hpp>

#include <exception>

namespace interloop::detail {

failure lost_the_race(std::source_location where) noexcept {
  std::exception_ptr why;
  try {
    why = std::make_exception_ptr(cancelled_error("another future of a first_of was the first"));
  } catch (...) {
    why = std::current_exception();
  }
  return failure::of(std::move(why), where);
}

}  // namespace interloop::detail
