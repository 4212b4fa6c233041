// SPDX-License-Identifier: MIT
#include <starter/line_reader.hpp>

#include <interloop/python.hpp>

NB_MODULE(starter, module) {
  module.def(
      "count_lines",
      [](int fd) { return starter::count_lines(interloop::with_config(interloop::python::current_loop()), fd); },
      nanobind::arg("fd"),
      "How many lines arrive at the descriptor until its other end is closed: a Future, or on Twisted a Deferred.");
}
