// SPDX-License-Identifier: MIT
#include <interloop/trace.hpp>

#include <interloop/current_loop.hpp>
#include <interloop/detail/loop_access.hpp>

#include "measuring.hpp"
#include "tracer.hpp"

#include <memory>

namespace interloop {

void start_trace(loop& core, const std::string& path, trace_options options) {
  detail::loop_access::require_open(core, "start_trace");
  measure::measuring& look = measure::measuring::of(core);
  if (look.tracing()) throw usage_error("start_trace: this loop is being traced already; stop_trace() first");
  look.set_tracer(std::make_unique<measure::tracer>(core, measure::trace_file::open(path, options.memory)));
  look.tracing()->start();
}

void start_trace(const std::string& path, trace_options options) { start_trace(current_loop(), path, options); }

trace_result stop_trace(loop& core) {
  detail::loop_access::check_thread(core, "stop_trace");
  measure::measuring* const look = measure::measuring::found(core);
  if (!look || !look->tracing()) return {};
  return look->take_tracer()->result();
}

trace_result stop_trace() { return stop_trace(current_loop()); }

}  // namespace interloop
