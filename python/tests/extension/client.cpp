// SPDX-License-Identifier: MIT
// The binding that docs/python.md shows.
#include <interloop/interloop.hpp>

#include <string>

namespace {

interloop::future<std::string> get(interloop::api async, std::string key) {
  co_await async.sleep(std::chrono::milliseconds(1));
  co_return "the value of " + key;
}

}  // namespace

// [binding]
#include <nanobind/stl/string.h>  // what nanobind needs for std::string
#include <interloop/python.hpp>   // nanobind; interloop/python_bridge.hpp has what other generators need

NB_MODULE(client, module) {
  module.def("get", [](std::string key) {
    return get(interloop::with_config(interloop::python::current_loop()), key);  // interloop::future<std::string>
  });
}
// [/binding]
