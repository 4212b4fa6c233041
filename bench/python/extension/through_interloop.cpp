// SPDX-License-Identifier: MIT
// C++ operations that Python awaits, through interloop's bridge.
#include "worker.hpp"

#include <interloop/interloop.hpp>
#include <interloop/python.hpp>

#include <nanobind/nanobind.h>

namespace {

interloop::api here() { return interloop::with_config(interloop::python::current_loop()); }

// Done in a later turn of the loop.
interloop::future<int> from_loop(interloop::api async, int value) {
  auto answer = async.create_future<int>();
  answer.loop().call_soon([answer, value] { interloop::resolve(answer, value); });
  return answer;
}

// Done by a thread that has no GIL.
interloop::future<int> from_thread(interloop::api async, int value) {
  auto answer = async.create_future<int>();
  auto* waiting = new interloop::future<int>(answer);  // counted in the loop's thread only
  the_worker().post([remote = answer.loop().remote(), waiting, value] {
    remote.post([waiting, value] {
      interloop::resolve(*waiting, value);
      delete waiting;
    });
  });
  return answer;
}

interloop::future<int> plus_one(interloop::future<int> value) { co_return co_await value + 1; }

}  // namespace

NB_MODULE(through_interloop, module) {
  module.def("from_loop", [](int value) { return from_loop(here(), value); });
  module.def("from_thread", [](int value) { return from_thread(here(), value); });
  module.def("wake_worker", [] { the_worker().wake(); });
  module.def("plus_one", &plus_one, nanobind::call_guard<interloop::python::in_current_loop>());
}
