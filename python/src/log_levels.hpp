// SPDX-License-Identifier: MIT
// txaio's log levels, and the name of the code that asks for a logger.
#pragma once

#include "type.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace interloop::python {

/// In txaio's order: a logger at a level emits that level and all before it.
enum class log_level : int { none, critical, error, warn, info, debug, trace };
inline constexpr std::array<std::string_view, 7> log_level_names{"none", "critical", "error", "warn",
                                                                 "info", "debug",    "trace"};

/// The level of that name. False: ValueError is set, which lists the names.
bool level_of(PyObject* name, log_level& level);

/// The attribute `_log_level` of a logger: the name of its level.
template <class Logger>
PyObject* get_log_level(PyObject* object, void*) {
  const auto level = static_cast<std::size_t>(reinterpret_cast<Logger*>(object)->level);
  return PyUnicode_FromString(log_level_names[level].data());
}

/// The framework's logger that a logger logs to. None: it was deleted, and AttributeError is set.
template <class Logger>
ref native_logger(Logger* self) {
  if (!self->logger) PyErr_SetString(PyExc_AttributeError, "this logger's _logger was deleted");
  return ref::borrow(self->logger);
}

/// The method `_set_log_level(level)` of a logger: the global level has changed.
template <class Logger>
PyObject* follow_log_level(Logger* self, const arguments& given) {
  static constexpr signature<1> wanted{"_set_log_level", 1, {&names::level}};
  std::array<PyObject*, 1> slots{};
  if (!parse(wanted, given, slots) || !level_of(slots[0], self->level)) return nullptr;
  Py_RETURN_NONE;
}

/// The method `__reduce__` of a logger: calls the function `_reduce_logger` of the framework's module.
template <class Framework>
PyObject* reduce_logger(typename Framework::object* self) {
  const ref function = import_from(Framework::module, "_reduce_logger");
  return function ? call(function.get(), reinterpret_cast<PyObject*>(self)).release() : nullptr;
}

/// The methods of a framework's loggers: those of both, then its own. `Framework` is a class with the type `object`, the
/// functions `log<level>` and `emit`, and the name of its `module`.
template <class Framework, std::size_t Own>
std::array<PyMethodDef, Own + 10> logger_methods(const std::array<PyMethodDef, Own>& own) {
  using object = typename Framework::object;
  std::array<PyMethodDef, Own + 10> all{{
      INTERLOOP_PYTHON_FAST(object, "critical", Framework::template log<log_level::critical>,
                            "critical($self, message, **kwargs)\n--\n\nLogs '{field}'s of kwargs as critical."),
      INTERLOOP_PYTHON_FAST(object, "error", Framework::template log<log_level::error>,
                            "error($self, message, **kwargs)\n--\n\nLogs '{field}'s of kwargs as an error."),
      INTERLOOP_PYTHON_FAST(object, "warn", Framework::template log<log_level::warn>,
                            "warn($self, message, **kwargs)\n--\n\nLogs '{field}'s of kwargs as a warning."),
      INTERLOOP_PYTHON_FAST(object, "info", Framework::template log<log_level::info>,
                            "info($self, message, **kwargs)\n--\n\nLogs '{field}'s of kwargs as information."),
      INTERLOOP_PYTHON_FAST(object, "debug", Framework::template log<log_level::debug>,
                            "debug($self, message, **kwargs)\n--\n\nLogs '{field}'s of kwargs for debugging."),
      INTERLOOP_PYTHON_FAST(object, "trace", Framework::template log<log_level::trace>,
                            "trace($self, message, **kwargs)\n--\n\nLogs '{field}'s of kwargs as a trace."),
      INTERLOOP_PYTHON_FAST(object, "emit", Framework::emit,
                            "emit($self, level, message, **kwargs)\n--\n\nLogs at the level of that name."),
      INTERLOOP_PYTHON_FAST(object, "_set_log_level", follow_log_level<object>, "_set_log_level($self, level)\n--\n\n"),
      INTERLOOP_PYTHON_PLAIN(object, "__reduce__", reduce_logger<Framework>, "How copy and pickle make another one."),
  }};
  std::copy(own.begin(), own.end(), all.begin() + 9);
  return all;  // ends in an empty one
}

/// The function `bind_<framework>_logging(module)`: `Method`, with the module that keeps the loggers as its `self`.
template <PyMethodDef* Method>
PyObject* bind_logging(PyObject*, PyObject* module) {
  const ref name(PyModule_GetNameObject(module));
  return name ? PyCFunction_NewEx(Method, module, name.get()) : nullptr;
}

/// The dotted name of the code that calls the compiled function: class of `self`, or module and function.
ref namespace_of_caller();

/// Adds a new logger to `module._loggers`, which tells loggers about changes of the level.
bool remember_logger(PyObject* module, PyObject* logger);

/// The format that `module._categories` has for `category`; none, without an exception, if it has none.
ref format_of_category(PyObject* categories, PyObject* category);

}  // namespace interloop::python
