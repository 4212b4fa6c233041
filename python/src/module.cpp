// SPDX-License-Identifier: MIT
// The extension module `interloop._core`: the compiled part of the package. Importing it loads no framework.
#include "asyncio_api.hpp"
#include "asyncio_callbacks.hpp"
#include "asyncio_gather.hpp"
#include "asyncio_logger.hpp"
#include "batched_timer.hpp"
#include "config.hpp"
#include "eventual_result.hpp"
#include "failed_future.hpp"
#include "reactor_context.hpp"
#include "reactor_function.hpp"
#include "twisted_api.hpp"
#include "twisted_chain.hpp"
#include "twisted_gather.hpp"
#include "twisted_logger.hpp"

#include <interloop/version.hpp>

#include <nanobind/nanobind.h>

#include <stdexcept>

namespace {

// The least that a call costs: the benchmarks' yardstick for loggers that are switched off.
PyObject* nothing(PyObject*, PyObject* const*, Py_ssize_t, PyObject*) { Py_RETURN_NONE; }
PyMethodDef nothing_method{"_nothing", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&nothing)),
                           METH_FASTCALL | METH_KEYWORDS, nullptr};

}  // namespace

NB_MODULE(_core, module) {
  using namespace interloop::python;
  // Types and cached objects belong to the process: with several interpreters they would belong to the first one, and
  // end with it. From 3.12 on CPython itself refuses, in these words.
  if (PyInterpreterState_Get() != PyInterpreterState_Main())
    throw std::runtime_error("module interloop._core does not support loading in subinterpreters");
  module.doc() = "The compiled part of interloop. Import interloop.txaio and interloop.crochet instead.";
  module.attr("__version__") = INTERLOOP_VERSION;
  PyObject* raw = module.ptr();
  if (!make_names() || !make_config_type(raw) || !make_failed_future_type(raw) || !make_asyncio_callback_types(raw) ||
      !make_asyncio_gather_type(raw) || !make_batched_timer_types(raw) || !make_twisted_chain_type(raw) ||
      !make_twisted_gather_types(raw) || !make_asyncio_api_type(raw) || !make_twisted_api_type(raw) ||
      !make_asyncio_logger_type(raw) || !make_twisted_logger_type(raw) || !make_eventual_result_type(raw) ||
      !make_reactor_context_type(raw) || !make_reactor_function_types(raw))
    throw nanobind::python_error();
  module.attr("_nothing") = nanobind::steal(PyCFunction_New(&nothing_method, nullptr));
}
