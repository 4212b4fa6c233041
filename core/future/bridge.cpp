// SPDX-License-Identifier: MIT
#include <interloop/bridge.hpp>

#include <exception>
#include <utility>

namespace interloop {

failure detail::taken_failure() {
  try {
    throw_no_value(status::taken);
  } catch (...) {
    return failure::of(std::current_exception(), std::source_location{});
  }
}

bool observation::cancel(std::string message, std::source_location where) {
  return of_ && state_->cancel(std::move(message), where);
}

}  // namespace interloop
