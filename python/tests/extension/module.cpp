// SPDX-License-Identifier: MIT
#include "conformance.hpp"
#include "library.hpp"

#include <interloop/logger.hpp>
#include <interloop/python.hpp>
#include <interloop/python_logging.hpp>
#include <interloop/python_look.hpp>

#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <thread>

namespace nb = nanobind;

namespace {

interloop::api here() { return interloop::with_config(interloop::python::current_loop()); }

// A Python function called from a C++ coroutine, through which its exception passes.
interloop::future<int> calls_back(interloop::api async, nb::object function) {
  co_await async.sleep(std::chrono::milliseconds(1));
  co_return nb::cast<int>(function());
}

interloop::fd_watch watched;

void log_word(const std::string& word) {
  static const bool added = (interloop::add_log_sink(interloop::python::make_python_sink()), true);
  static_cast<void>(added);
  static auto log = interloop::make_logger("cpp.library");
  using namespace interloop::literals;
  log.warn("from C++: {word}", "word"_a = word);
}

}  // namespace

NB_MODULE(extension, module) {
  module.def("doubled_later", [](int value, double seconds) { return doubled_later(here(), value, seconds); });
  module.def("plus_one", &plus_one, nb::call_guard<interloop::python::in_current_loop>());
  module.def("fails_later", [](std::string message) { return fails_later(here(), message); });
  module.def("never", [] { return never(here()); });
  module.def("cancellations", &cancellations);
  module.def("promised", [] { return promised(here()); });
  module.def("complete_promised", &complete_promised);
  module.def("forget_promised", &forget_promised);
  nb::class_<token>(module, "Token").def_prop_ro("number", [](const token& self) { return *self.number; });
  module.def("token_later", [](int number) { return token_later(here(), number); });
  module.def("from_a_thread", [](std::string word) { return from_a_thread(here(), word); });
  module.def("calls_back", [](nb::object function) { return calls_back(here(), function); });
  module.def("call_later", [](double seconds, nb::object function) {
    interloop::python::current_loop().call_later(std::chrono::duration<double>(seconds), [function] { function(); });
  });
  module.def("escapes",
             [] { interloop::python::current_loop().call_soon([] { throw std::runtime_error("escaped"); }); });
  module.def("escapes_with_bytes",
             [] { interloop::python::current_loop().call_soon([] { throw std::runtime_error("escaped \xff"); }); });
  module.def("is_pending", [](const interloop::future<void>& future) { return !interloop::is_called(future); });
  module.def("count", [](const std::vector<interloop::future<int>>& futures) { return futures.size(); });
  module.def("either", [](const interloop::future<int>&, int) { return "an int"; });
  module.def("either", [](const interloop::future<int>&, const std::string&) { return "a str"; });
  module.def("watch", [](int descriptor, nb::object on_ready) {
    watched = interloop::python::current_loop().watch(descriptor, interloop::interest::read,
                                                      [on_ready](interloop::interest) { on_ready(); });
  });
  module.def("unwatch", [] { watched = {}; });
  module.def("wake_and_drop", [](nb::object native) {
    interloop::python_loop made(native.ptr());
    made->call_soon([] {});
  });
  module.def("log_bytes", [](nb::bytes word) { log_word(std::string(word.c_str(), word.size())); });
  module.def("log", &log_word);
  module.def("log_in_a_thread", [](std::string word) { std::thread([word] { log_word(word); }).detach(); });
  module.def("conformance_cases", &conformance_cases);
  module.def("run_conformance_case", &run_conformance_case);
  interloop::python::add_look_functions(module);
  module.def("hold", [](double seconds) {
    interloop::python::current_loop().call_soon(
        [seconds] { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); });
  });
}
