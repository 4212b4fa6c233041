// SPDX-License-Identifier: MIT
// A C++ library, here one function, and its binding. docs/python.md shows it.
#include <nanobind/stl/string.h>  // what nanobind needs for std::string
#include <interloop/interloop.hpp>
#include <interloop/python.hpp>  // nanobind; interloop/python_bridge.hpp has what other generators need

#include <chrono>
#include <string>

interloop::future<std::string> get(interloop::api async, std::string key) {
  co_await async.sleep(std::chrono::milliseconds(1));
  co_return "the value of " + key;
}

NB_MODULE(client, module) {
  module.def("get", [](std::string key) {
    return get(interloop::with_config(interloop::python::current_loop()), key);  // interloop::future<std::string>
  });
}
