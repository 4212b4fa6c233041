// SPDX-License-Identifier: MIT
// The common part of the package's types: one heap type per C++ class, known to Python's garbage collector.
#pragma once

#include "signature.hpp"

#include <structmember.h>

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

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

/// A `PyGetSetDef`: `__dict__` of a type with a `__dictoffset__`, whose objects can have attributes that a user sets.
#define INTERLOOP_PYTHON_DICT {"__dict__", &PyObject_GenericGetDict, &PyObject_GenericSetDict, nullptr, nullptr}

/// Makes a type, named by `spec`, and adds it to `module` unless that is null. Null: an exception is set.
PyTypeObject* make_type(PyObject* module, PyType_Spec& spec);

/// The same for `Self`, with what `Garbage` answers the garbage collector, as `collected` has it, and with the fields
/// `dict`, `weakrefs` and `vectorcall` of `Self` as what their names say. `slots` and `members` may be temporary; what
/// they point to may not.
template <class Self, class Garbage>
PyTypeObject* make_class(PyObject* module, const char* name, std::vector<PyType_Slot> slots,
                         std::vector<PyMemberDef> members = {}, unsigned long flags = Py_TPFLAGS_BASETYPE) {
  const auto offset_is = [&](const char* what, std::size_t where) {
    members.push_back({what, T_PYSSIZET, static_cast<Py_ssize_t>(where), READONLY, nullptr});
  };
  if constexpr (requires(Self& self) { self.dict; }) offset_is("__dictoffset__", offsetof(Self, dict));
  if constexpr (requires(Self& self) { self.weakrefs; }) offset_is("__weaklistoffset__", offsetof(Self, weakrefs));
  if constexpr (requires(Self& self) { self.vectorcall; }) {
    offset_is("__vectorcalloffset__", offsetof(Self, vectorcall));
    slots.push_back({Py_tp_call, reinterpret_cast<void*>(&PyVectorcall_Call)});
    flags |= Py_TPFLAGS_HAVE_VECTORCALL;
  }
  members.push_back({nullptr, 0, 0, 0, nullptr});
  slots.insert(slots.end(), {{Py_tp_traverse, reinterpret_cast<void*>(&Garbage::traverse)},
                             {Py_tp_clear, reinterpret_cast<void*>(&Garbage::clear)},
                             {Py_tp_dealloc, reinterpret_cast<void*>(&Garbage::destroy)},
                             {Py_tp_members, members.data()},
                             {0, nullptr}});
  PyType_Spec spec{name, sizeof(Self), 0, static_cast<unsigned>(Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | flags),
                   slots.data()};
  return make_type(module, spec);
}

/// The same for objects that only the package makes. `repr`: how a framework's debug messages name one.
template <class Self, class Garbage>
PyTypeObject* make_inner_class(PyObject* module, const char* name, reprfunc repr = nullptr) {
  std::vector<PyType_Slot> slots;
  if (repr) slots.push_back({Py_tp_repr, reinterpret_cast<void*>(repr)});
  return make_class<Self, Garbage>(module, name, std::move(slots), {}, Py_TPFLAGS_DISALLOW_INSTANTIATION);
}

/// Frees an object of a heap type whose fields are gone.
inline void free_object(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  type->tp_free(self);
  Py_DECREF(type);
}

/// An object of `type` with all fields zero, which the garbage collector's users do not see yet: fill it before you
/// return it.
template <class Self>
Self* allocate(PyTypeObject* type) {
  return reinterpret_cast<Self*>(type->tp_alloc(type, 0));
}

/// Answers Python's garbage collector for the type `Self`, whose references are the fields `References`; weak
/// references to an object are in its field `weakrefs`, if it has one.
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

/// `name() at file:line` of the function behind partials and decorators, in the form of asyncio's debug messages.
ref description_of_call(PyObject* function);

/// Whether an exception is one that txaio's callers are told about: not KeyboardInterrupt and similar.
bool is_ordinary(PyObject* exception);

}  // namespace interloop::python
