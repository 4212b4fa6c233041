// SPDX-License-Identifier: MIT
#include <interloop/api.hpp>

namespace interloop {

future<void> api::close() const {
  auto released = detail::make_future<void>(*loop_, std::source_location::current());
  detail::future_access::state(released).leave_loop();  // the closing itself must not fail it
  loop_->close([released] { interloop::resolve(released); });
  return released;
}

}  // namespace interloop
