// SPDX-License-Identifier: MIT
// C++ callables as Python functions.
#include "gil.hpp"

#include <interloop/python_bridge.hpp>

#include <exception>

namespace interloop::python {
namespace {

constexpr const char* kind = "interloop.function";
using callable = function<void(PyObject*)>;

PyObject* invoke(PyObject* capsule, PyObject* args) {
  auto* fn = static_cast<callable*>(PyCapsule_GetPointer(capsule, kind));
  if (!fn) return nullptr;
  const object keep = object::borrow(capsule);
  PyObject* argument = PyTuple_GET_SIZE(args) > 0 ? PyTuple_GET_ITEM(args, 0) : Py_None;
  try {
    (*fn)(argument);
  } catch (const std::exception& error) {
    const object message = PyErr_Occurred() ? object() : text_of(error.what());
    if (message) PyErr_SetObject(PyExc_RuntimeError, message.get());
    return nullptr;
  } catch (...) {
    if (!PyErr_Occurred()) PyErr_SetString(PyExc_RuntimeError, "a C++ exception that is no std::exception");
    return nullptr;
  }
  if (PyErr_Occurred()) return nullptr;
  Py_RETURN_NONE;
}

PyMethodDef definition{"callback", &invoke, METH_VARARGS, nullptr};

}  // namespace

PyObject* make_function(function<void(PyObject*)> fn) {
  auto* kept = new callable(std::move(fn));
  const object capsule(PyCapsule_New(
      kept, kind, [](PyObject* self) { delete static_cast<callable*>(PyCapsule_GetPointer(self, kind)); }));
  if (!capsule) {
    delete kept;
    return nullptr;
  }
  return PyCFunction_New(&definition, capsule.get());
}

}  // namespace interloop::python
