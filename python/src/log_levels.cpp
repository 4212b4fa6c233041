// SPDX-License-Identifier: MIT
#include "log_levels.hpp"

#include <frameobject.h>

namespace interloop::python {

bool level_of(PyObject* name, log_level& level) {
  if (PyUnicode_Check(name)) {
    for (std::size_t i = 0; i < log_level_names.size(); ++i) {
      if (PyUnicode_CompareWithASCIIString(name, log_level_names[i].data()) != 0) continue;
      level = static_cast<log_level>(i);
      return true;
    }
  }
  PyErr_Format(PyExc_ValueError, "Invalid log level %R; valid are: none, critical, error, warn, info, debug, trace",
               name);
  return false;
}

ref namespace_of_caller() {
  PyFrameObject* frame = PyEval_GetFrame();  // compiled functions have no frames
  if (!frame) return ref(PyUnicode_FromString("__main__"));
  const ref locals(PyFrame_GetLocals(frame));
  if (!locals) return ref();
  const ref self(PyObject_GetItem(locals.get(), names::self));
  if (self) {
    const ref type(PyObject_GetAttrString(self.get(), "__class__"));
    const ref module = type ? ref(PyObject_GetAttr(type.get(), names::dunder_module)) : ref();
    const ref name = module ? ref(PyObject_GetAttr(type.get(), names::dunder_name)) : ref();
    return name ? ref(PyUnicode_FromFormat("%S.%S", module.get(), name.get())) : ref();
  }
  if (!PyErr_ExceptionMatches(PyExc_KeyError)) return ref();
  PyErr_Clear();
  const ref globals(PyFrame_GetGlobals(frame));
  ref module(PyObject_GetItem(globals.get(), names::dunder_name));
  if (!module) return ref();
  const ref code(reinterpret_cast<PyObject*>(PyFrame_GetCode(frame)));
  PyObject* function = reinterpret_cast<PyCodeObject*>(code.get())->co_name;
  if (PyUnicode_CompareWithASCIIString(function, "<module>") == 0) return module;
  return ref(PyUnicode_FromFormat("%S.%U", module.get(), function));
}

bool remember_logger(PyObject* module, PyObject* logger) {
  static PyObject* add = PyUnicode_InternFromString("add");
  const ref loggers(PyObject_GetAttr(module, names::loggers));
  return loggers && call_method(loggers.get(), add, logger);
}

ref format_of_category(PyObject* categories, PyObject* category) {
  PyObject* found = PyDict_GetItemWithError(categories, category);
  return ref::borrow(found);
}

}  // namespace interloop::python
