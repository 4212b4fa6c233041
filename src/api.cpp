// SPDX-License-Identifier: MIT
#include <interloop/api.hpp>

namespace interloop {

future<void> api::close() const {
  using state = detail::future_state<void>;
  loop_->check_thread("close");
  unsigned char kind;
  void* block = state::allocate(*loop_, kind);
  const auto released = detail::future_access::wrap<void>(detail::state_ptr<state>(
      detail::state_ptr<state>::adopt{}, ::new (block) state(*loop_, std::source_location{}, kind)));
  detail::future_access::state(released).leave_loop();  // the closing itself must not fail it
  if (loop_->closed()) {
    loop_->when_released([released] { interloop::resolve(released); });
  } else {
    loop_->close([released] { interloop::resolve(released); });
  }
  return released;
}

}  // namespace interloop
