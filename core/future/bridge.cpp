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

loop_scope::loop_scope(loop& core) : before_(detail::running_loop) {
  core.require_same_copy();
  detail::running_loop = &core;
}
loop_scope::~loop_scope() { detail::running_loop = before_; }

}  // namespace interloop
