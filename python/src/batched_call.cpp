// SPDX-License-Identifier: MIT
#include "batched_objects.hpp"

#include <structmember.h>

#include <array>
#include <cstddef>

namespace interloop::python {
namespace {

PyTypeObject* call_type = nullptr;

PyObject* run(PyObject* object, PyObject*, PyObject*) { return run_call(reinterpret_cast<batched_call*>(object)); }

PyObject* cancel(batched_call* self) {
  if (!self->home) Py_RETURN_NONE;
  batched_bucket* home = self->home;
  const ref keep = ref::borrow(object_of(home));
  const ref last = unlink(self);
  clear_call(self);
  end_if_empty(home);
  Py_RETURN_NONE;
}

void destroy(PyObject* object) {
  if (reinterpret_cast<batched_call*>(object)->weakrefs) PyObject_ClearWeakRefs(object);
  clear_call(reinterpret_cast<batched_call*>(object));
  free_object(object);
}

std::array<PyMethodDef, 2> methods{{
    INTERLOOP_PYTHON_PLAIN(batched_call, "cancel", cancel,
                           "cancel($self)\n--\n\nPrevents the call, unless it has been made. Any number of times."),
    {nullptr, nullptr, 0, nullptr},
}};

std::array<PyMemberDef, 2> members{{
    {"__weaklistoffset__", T_PYSSIZET, offsetof(batched_call, weakrefs), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
}};

}  // namespace

int visit_call(batched_call* self, visitproc visit, void* arg) {
  Py_VISIT(self->function);
  Py_VISIT(self->names);
  for (Py_ssize_t i = 0; i < Py_SIZE(self); ++i) Py_VISIT(self->args[i]);
  return 0;
}

void clear_call(batched_call* self) {
  Py_CLEAR(self->function);
  Py_CLEAR(self->names);
  for (Py_ssize_t i = 0; i < Py_SIZE(self); ++i) Py_CLEAR(self->args[i]);
}

PyObject* run_call(batched_call* self) {
  if (!self->function) Py_RETURN_NONE;
  const ref function = ref::borrow(self->function);
  const ref keep = ref::borrow(object_of(self));
  const Py_ssize_t positional = Py_SIZE(self) - (self->names ? PyTuple_GET_SIZE(self->names) : 0);
  return PyObject_Vectorcall(function.get(), self->args, static_cast<std::size_t>(positional), self->names);
}

ref make_batched_call(PyObject* function, const arguments& rest) {
  auto* made = reinterpret_cast<batched_call*>(call_type->tp_alloc(call_type, rest.total()));
  if (!made) return ref();
  made->function = Py_NewRef(function);
  made->names = Py_XNewRef(rest.names);
  for (Py_ssize_t i = 0; i < rest.total(); ++i) made->args[i] = Py_NewRef(rest.values[i]);
  return ref(object_of(made));
}

bool make_batched_call_type(PyObject* module) {
  std::array<PyType_Slot, 5> slots{{
      {Py_tp_call, reinterpret_cast<void*>(&run)},
      {Py_tp_dealloc, reinterpret_cast<void*>(&destroy)},
      {Py_tp_methods, methods.data()},
      {Py_tp_members, members.data()},
      {0, nullptr},
  }};
  PyType_Spec spec{"interloop._core.BatchedCall", offsetof(batched_call, args), sizeof(PyObject*),
                   Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots.data()};
  return (call_type = make_type(module, spec)) != nullptr;
}

}  // namespace interloop::python
