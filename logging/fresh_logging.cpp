// SPDX-License-Identifier: MIT
#include <interloop/testing/fresh_logging.hpp>

#include "logging/state.hpp"

namespace interloop::testing {

fresh_logging::fresh_logging() { interloop::detail::log_state::get().reset(); }
fresh_logging::~fresh_logging() { interloop::detail::log_state::get().reset(); }

}  // namespace interloop::testing
