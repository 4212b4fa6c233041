// SPDX-License-Identifier: MIT
// What the package's own types have in common: one heap type a C++ class, collected by Python's garbage collector.
#pragma once

#include "signature.hpp"

#include <structmember.h>

#include <array>
#include <cstddef>
#include <utility>

namespace interloop::python {

/// Method definitions of functions that take `arguments`.
template <class Self, PyObject* (*Function)(Self*, const arguments&)>
PyObject* fast(PyObject* self, PyObject* const* values, Py_ssize_t positional, PyObject* names) {
  return Function(reinterpret_cast<Self*>(self), arguments{values, positional, names});
}
template <class Self, PyObject* (*Function)(Self*)>
PyObject* plain(PyObject* self, PyObject*) {
  return Function(reinterpret_cast<Self*>(self));
}

/// A `PyMethodDef` for `Function(Self*, const arguments&)`.
#define INTERLOOP_PYTHON_FAST(Self, name, function, doc)                                      \
  {name, reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&fast<Self, &function>)), \
   METH_FASTCALL | METH_KEYWORDS, PyDoc_STR(doc)}
/// A `PyMethodDef` for `Function(Self*)`.
#define INTERLOOP_PYTHON_PLAIN(Self, name, function, doc) {name, &plain<Self, &function>, METH_NOARGS, PyDoc_STR(doc)}

/// A `PyGetSetDef`: `__dict__` of a type whose objects have attributes of their user's, by a `__dictoffset__`.
#define INTERLOOP_PYTHON_DICT {"__dict__", &PyObject_GenericGetDict, &PyObject_GenericSetDict, nullptr, nullptr}

/// Makes the type `interloop._core.<name>`, adds it to `module`, and keeps it. Null: an exception is set.
PyTypeObject* make_type(PyObject* module, PyType_Spec& spec);

/// The same for objects that frameworks call and only the package makes: `Self` has `vectorcall`. `Garbage` is what the
/// garbage collector asks, as `collected` has it; `repr`, how a framework's debug messages name an object.
template <class Self, class Garbage>
PyTypeObject* make_callback_type(PyObject* module, const char* name, reprfunc repr = nullptr) {
  std::array<PyMemberDef, 2> members{{
      {"__vectorcalloffset__", T_PYSSIZET, offsetof(Self, vectorcall), READONLY, nullptr},
      {nullptr, 0, 0, 0, nullptr},
  }};
  std::array<PyType_Slot, 7> slots{{
      {Py_tp_call, reinterpret_cast<void*>(&PyVectorcall_Call)},
      {Py_tp_traverse, reinterpret_cast<void*>(&Garbage::traverse)},
      {Py_tp_clear, reinterpret_cast<void*>(&Garbage::clear)},
      {Py_tp_dealloc, reinterpret_cast<void*>(&Garbage::destroy)},
      {Py_tp_members, members.data()},
      {repr ? Py_tp_repr : 0, reinterpret_cast<void*>(repr)},
      {0, nullptr},
  }};
  PyType_Spec spec{
      name, sizeof(Self), 0,
      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_DISALLOW_INSTANTIATION,
      slots.data()};
  return make_type(module, spec);
}

/// Frees an object of a heap type whose fields are gone.
inline void free_object(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  type->tp_free(self);
  Py_DECREF(type);
}

/// An object of `type`, all fields zero, not yet known to the garbage collector's user: fill it, then hand it out.
template <class Self>
Self* allocate(PyTypeObject* type) {
  return reinterpret_cast<Self*>(type->tp_alloc(type, 0));
}

/// What Python's garbage collector asks of the type of `Self`, whose references are the fields `References`; weak ones to
/// it are in its field `weakrefs`, if it has one.
template <class Self, auto... References>
struct collected {
  static int traverse(PyObject* object, visitproc visit, void* arg) {
    auto* self = reinterpret_cast<Self*>(object);
    int stop = visit(reinterpret_cast<PyObject*>(Py_TYPE(object)), arg);
    const auto ends = [&](auto* each) {
      if (stop == 0 && each) stop = visit(reinterpret_cast<PyObject*>(each), arg);
      return stop != 0;
    };
    static_cast<void>((ends(self->*References) || ...));
    return stop;
  }
  static int clear(PyObject* object) {
    auto* self = reinterpret_cast<Self*>(object);
    const auto drop = [](auto*& each) { Py_XDECREF(reinterpret_cast<PyObject*>(std::exchange(each, nullptr))); };
    (drop(self->*References), ...);
    return 0;
  }
  static void destroy(PyObject* object) {
    PyObject_GC_UnTrack(object);
    if constexpr (requires(Self& self) { self.weakrefs; }) {
      if (reinterpret_cast<Self*>(object)->weakrefs) PyObject_ClearWeakRefs(object);
    }
    clear(object);
    free_object(object);
  }
};

/// `name() at file:line` of the function behind partials and decorators, as asyncio's debug messages have it.
ref description_of_call(PyObject* function);

/// Whether an exception is one that txaio's callers are told about: not KeyboardInterrupt and its like.
bool is_ordinary(PyObject* exception);

}  // namespace interloop::python
