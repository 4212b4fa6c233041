// SPDX-License-Identifier: MIT
#include <interloop/api.hpp>

#include <interloop/detail/loop_access.hpp>

namespace interloop {
namespace {

template <class... How>
future<void> closed(loop& core, How... how) {
  detail::loop_access::check_thread(core, "close");
  const auto released = detail::make_future_unchecked<void>(core, std::source_location{});
  detail::future_access::state(released).leave_loop();  // so that closing does not fail it
  if (core.closed()) {
    core.when_released([released] { interloop::resolve(released); });
  } else {
    core.close(how..., [released] { interloop::resolve(released); });
  }
  return released;
}

}  // namespace

future<void> api::close() const { return closed(*loop_); }
future<void> api::close(notify_t how) const { return closed(*loop_, how); }

}  // namespace interloop
