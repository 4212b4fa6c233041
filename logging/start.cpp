// SPDX-License-Identifier: MIT
#include <interloop/logging/start.hpp>

#include <interloop/logging/line_sink.hpp>

#include "logging/state.hpp"

namespace interloop {

namespace {

template <class Out>
void start(Out& out, log_threshold level) {
  const auto make = [&](std::shared_ptr<log_sink>& sink) { sink = std::make_shared<line_sink>(out); };
  detail::log_state::get().start(level.level(), make);
}

}  // namespace

void start_logging(std::FILE* out, log_threshold level) { start(out, level); }
void start_logging(std::ostream& out, log_threshold level) { start(out, level); }
void start_logging(int descriptor, log_threshold level) { start(descriptor, level); }

}  // namespace interloop
