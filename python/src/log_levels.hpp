// SPDX-License-Identifier: MIT
// txaio's log levels, and who asks for a logger.
#pragma once

#include "type.hpp"

#include <array>
#include <string_view>

namespace interloop::python {

/// In txaio's order: a logger at a level emits that one and all before it.
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

/// The logger of the framework's that a logger logs to. None: it was deleted, and AttributeError is set.
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

/// The method `__reduce__` of a logger: what the function `_reduce_logger` of the framework's module makes of it.
template <class Logger>
PyObject* reduce_logger(const char* module, Logger* self) {
  const ref function = import_from(module, "_reduce_logger");
  return function ? call(function.get(), reinterpret_cast<PyObject*>(self)).release() : nullptr;
}

/// The dotted name of the code that calls the compiled function: class of `self`, or module and function.
ref namespace_of_caller();

/// Adds a new logger to `module._loggers`, which tells loggers about changes of the level.
bool remember_logger(PyObject* module, PyObject* logger);

/// The format that `module._categories` has for `category`; none without an exception where it has none.
ref format_of_category(PyObject* categories, PyObject* category);

}  // namespace interloop::python
