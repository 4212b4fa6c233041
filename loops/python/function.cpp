// SPDX-License-Identifier: MIT
// C++ callables as Python functions.
#include "gil.hpp"

#include <interloop/python_bridge.hpp>

#include <structmember.h>

#include <array>
#include <cstddef>
#include <exception>
#include <memory>
#include <utility>

namespace interloop::python {
namespace {

struct cpp_function {
  PyObject_HEAD
  vectorcallfunc vectorcall;
  function<void(PyObject*)> call;
};

function<void(PyObject*)>& call_of(PyObject* self) { return reinterpret_cast<cpp_function*>(self)->call; }

PyObject* invoke(PyObject* self, PyObject* const* args, std::size_t flags, PyObject*) {
  const object keep = object::borrow(self);
  PyObject* argument = PyVectorcall_NARGS(flags) > 0 ? args[0] : Py_None;
  try {
    call_of(self)(argument);
  } catch (const std::exception& error) {
    const object message = PyErr_Occurred() ? object() : text_of(error.what());
    if (message) PyErr_SetObject(PyExc_RuntimeError, message.get());
    return nullptr;
  } catch (...) {
    if (!PyErr_Occurred()) PyErr_SetString(PyExc_RuntimeError, "a C++ exception that is not a std::exception");
    return nullptr;
  }
  if (PyErr_Occurred()) return nullptr;
  Py_RETURN_NONE;
}

void destroy(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  std::destroy_at(&call_of(self));
  type->tp_free(self);
  Py_DECREF(type);
}

PyTypeObject* make_type() {
  std::array<PyMemberDef, 2> members{{
      {"__vectorcalloffset__", T_PYSSIZET, offsetof(cpp_function, vectorcall), READONLY, nullptr},
      {nullptr, 0, 0, 0, nullptr},
  }};
  std::array<PyType_Slot, 4> slots{{
      {Py_tp_call, reinterpret_cast<void*>(&PyVectorcall_Call)},
      {Py_tp_members, members.data()},
      {Py_tp_dealloc, reinterpret_cast<void*>(&destroy)},
      {0, nullptr},
  }};
  PyType_Spec spec{"interloop.cpp_function", sizeof(cpp_function), 0,
                   Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_HAVE_VECTORCALL, slots.data()};
  return reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
}

PyTypeObject* type = nullptr;  // made under the GIL: a static object's own guard would deadlock with it

}  // namespace

bool is_cpp_function(PyObject* object) noexcept { return type && Py_IS_TYPE(object, type); }

PyObject* make_function(function<void(PyObject*)> fn) {
  if (!type) type = make_type();
  object made = type ? from_python([] { return type->tp_alloc(type, 0); }) : object();
  if (!made) return nullptr;
  reinterpret_cast<cpp_function*>(made.get())->vectorcall = &invoke;
  std::construct_at(&call_of(made.get()), std::move(fn));
  return made.release();
}

}  // namespace interloop::python
