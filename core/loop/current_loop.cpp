// SPDX-License-Identifier: MIT
#include <interloop/current_loop.hpp>

#include <interloop/detail/loop_access.hpp>

namespace interloop {

namespace detail {

constinit configuration selected;

void throw_no_loop() {
  throw usage_error(
      "no loop is selected; call one of " INTERLOOP_SELECTORS
      " (or another use_<loop>()) first, or use the api that "
      "with_config(loop) returns. A plugin with its own copy of interloop does not see the program's loops: build "
      "interloop as a shared library");
}

}  // namespace detail

current_loop_scope::current_loop_scope(loop& core) {
  detail::loop_access::require_same_copy(core);
  before_ = std::exchange(detail::running_loop, &core);
}

}  // namespace interloop
