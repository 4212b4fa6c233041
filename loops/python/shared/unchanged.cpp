// SPDX-License-Identifier: MIT
#include "unchanged.hpp"

namespace interloop::python {
namespace {

ref names_in(PyObject* function) {
  const ref code(function ? PyObject_GetAttrString(function, "__code__") : nullptr);
  ref found(code ? PyObject_GetAttrString(code.get(), "co_names") : nullptr);
  if (!found) PyErr_Clear();
  return found;
}

}  // namespace

bool uses(PyObject* function, std::initializer_list<const char*> names) {
  const ref found = names_in(function);
  bool all = static_cast<bool>(found);
  for (const char* each : names) {
    const ref name(all ? PyUnicode_FromString(each) : nullptr);
    all = name && PySequence_Contains(found.get(), name.get()) == 1;
  }
  PyErr_Clear();
  return all;
}

bool uses_just(PyObject* function, const char* names) {
  const ref found = names_in(function), space(PyUnicode_FromString(" "));
  const ref joined(found && space ? PyUnicode_Join(space.get(), found.get()) : nullptr);
  if (!joined) PyErr_Clear();
  return joined && PyUnicode_CompareWithASCIIString(joined.get(), names) == 0;
}

bool is(PyObject* owner, PyObject* name, PyObject* wanted) {
  const ref found(PyObject_GetAttr(owner, name));
  if (!found) PyErr_Clear();
  return found.get() == wanted;
}

bool is_own_method(PyObject* owner, PyObject* name, PyObject* wanted) {
#if PY_VERSION_HEX < 0x030D0000  // which makes no bound method; later ones do not declare it
  PyObject* method = nullptr;
  const bool unbound = _PyObject_GetMethod(owner, name, &method) != 0;
  const ref found(method);
  if (unbound) return method == wanted;
#else
  const ref found(PyObject_GetAttr(owner, name));
#endif
  if (!found) PyErr_Clear();
  return found && PyMethod_Check(found.get()) && PyMethod_GET_FUNCTION(found.get()) == wanted &&
         PyMethod_GET_SELF(found.get()) == owner;
}

}  // namespace interloop::python
