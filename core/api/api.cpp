// SPDX-License-Identifier: MIT
#include <interloop/api.hpp>

#include <interloop/detail/loop_access.hpp>

namespace interloop {

future<void> api::close() const {
  detail::loop_access::check_thread(*loop_, "close");
  const auto released = detail::make_future_unchecked<void>(*loop_, std::source_location{});
  detail::future_access::state(released).leave_loop();  // so that closing does not fail it
  if (loop_->closed()) {
    loop_->when_released([released] { interloop::resolve(released); });
  } else {
    loop_->close([released] { interloop::resolve(released); });
  }
  return released;
}

}  // namespace interloop
