// SPDX-License-Identifier: MIT
#include "type.hpp"

#include <cstring>

namespace interloop::python {

PyTypeObject* make_type(PyObject* module, PyType_Spec& spec) {
  ref made(PyType_FromModuleAndSpec(module, &spec, nullptr));
  if (!made || !module) return reinterpret_cast<PyTypeObject*>(made.release());
  const char* dot = std::strrchr(spec.name, '.');
  if (PyModule_AddObjectRef(module, dot ? dot + 1 : spec.name, made.get()) < 0) return nullptr;
  return reinterpret_cast<PyTypeObject*>(made.release());
}

ref description_of_call(PyObject* function) {
  const ref describe = import_from("interloop.txaio._common", "_describe_call");
  return describe ? call(describe.get(), function) : ref();
}

bool is_ordinary(PyObject* exception) {
  return PyObject_TypeCheck(exception, reinterpret_cast<PyTypeObject*>(PyExc_Exception));
}

}  // namespace interloop::python
