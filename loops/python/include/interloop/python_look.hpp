// SPDX-License-Identifier: MIT
// For authors of nanobind bindings: functions for Python that look into the C++ side of the loop that runs.
//
// Everything needs the GIL, and is for the loop's thread.
#pragma once

#include <interloop/call_graph.hpp>
#include <interloop/python.hpp>
#include <interloop/slow_callback.hpp>
#include <interloop/statistics.hpp>
#include <interloop/trace.hpp>

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <chrono>
#include <string>
#include <utility>

namespace interloop::python {

/// Adds functions to a module, about the C++ futures, callbacks and timers on the loop that runs:
/// `statistics()`, a dict with what `to_json` writes; `call_graph()`, the tree as text; `set_slow_callback(seconds,
/// handler)`, whose handler is called with the callback's description and its seconds, and which `handler=None` has
/// written to the standard error stream; `start_trace(path)`, and `stop_trace()`, which returns how many events were
/// written and lost. They raise what the C++ functions throw, and RuntimeError where no loop runs.
/// Errors: `nanobind::python_error`.
inline void add_look_functions(nanobind::module_& module) {
  namespace nb = nanobind;
  module.def("statistics",
             [] { return nb::module_::import_("json").attr("loads")(to_json(interloop::statistics(current_loop()))); });
  module.def("call_graph", [] { return format_call_graph(current_loop()); });
  module.def(
      "set_slow_callback",
      [](double seconds, nb::object handler) {
        slow_handler report;
        if (!handler.is_none())
          report = [handler](const slow_callback& slow) {
            handler(slow.what, std::chrono::duration<double>(slow.held).count());
          };
        interloop::set_slow_callback(current_loop(), to_duration(std::chrono::duration<double>(seconds)),
                                     std::move(report));
      },
      nb::arg("seconds"), nb::arg("handler").none() = nb::none());
  module.def(
      "start_trace", [](const std::string& path) { interloop::start_trace(current_loop(), path); }, nb::arg("path"));
  module.def("stop_trace", [] {
    const trace_result ended = interloop::stop_trace(current_loop());
    if (!ended.error.empty()) throw error(ended.error);
    nb::dict counts;
    counts["events"] = ended.events;
    counts["lost"] = ended.lost;
    return counts;
  });
}

}  // namespace interloop::python
