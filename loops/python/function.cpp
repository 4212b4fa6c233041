// SPDX-License-Identifier: MIT
// C++ callables as Python functions, which Python's garbage collector may ask what they keep.
#include "gil.hpp"

#include <interloop/python_bridge.hpp>

#include <array>
#include <exception>

namespace interloop::python {
namespace {

struct parts {
  function<void(PyObject*)> call;
  function<PyObject*()> kept;
};

struct cpp_function {
  PyObject_HEAD
  parts* has;  // null once the garbage collector has been here; a finalizer may still call
};

parts*& parts_of(PyObject* self) { return reinterpret_cast<cpp_function*>(self)->has; }

PyObject* invoke(PyObject* self, PyObject* args, PyObject*) {
  parts* has = parts_of(self);
  if (!has) Py_RETURN_NONE;
  const object keep = object::borrow(self);
  PyObject* argument = PyTuple_GET_SIZE(args) > 0 ? PyTuple_GET_ITEM(args, 0) : Py_None;
  try {
    has->call(argument);
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

int traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  parts* has = parts_of(self);
  if (has && has->kept) Py_VISIT(has->kept());
  return 0;
}

int clear(PyObject* self) {
  delete std::exchange(parts_of(self), nullptr);
  return 0;
}

void destroy(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  clear(self);
  type->tp_free(self);
  Py_DECREF(type);
}

PyTypeObject* make_type() {
  std::array<PyType_Slot, 5> slots{{
      {Py_tp_call, reinterpret_cast<void*>(&invoke)},
      {Py_tp_traverse, reinterpret_cast<void*>(&traverse)},
      {Py_tp_clear, reinterpret_cast<void*>(&clear)},
      {Py_tp_dealloc, reinterpret_cast<void*>(&destroy)},
      {0, nullptr},
  }};
  PyType_Spec spec{"interloop.cpp_function", sizeof(cpp_function), 0,
                   Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots.data()};
  return reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
}

}  // namespace

PyObject* make_function(function<void(PyObject*)> fn, function<PyObject*()> kept) {
  static PyTypeObject* type = nullptr;  // under the GIL, which a static one's own guard would deadlock with
  if (!type) type = make_type();
  object made = type ? from_python([] { return type->tp_alloc(type, 0); }) : object();
  if (made) parts_of(made.get()) = new parts{std::move(fn), std::move(kept)};
  return made.release();
}

}  // namespace interloop::python
