// SPDX-License-Identifier: MIT
#include <interloop/slow_callback.hpp>

#include <interloop/detail/loop_access.hpp>

#include "measuring.hpp"

#include <utility>

namespace interloop {

void set_slow_callback(loop& core, duration threshold, slow_handler handler) {
  detail::loop_access::require_open(core, "set_slow_callback");
  measure::measuring::of(core).set_slow(threshold, std::move(handler));
}

}  // namespace interloop
