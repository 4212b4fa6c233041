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

int visit_contents(batched_call* self, visitproc visit, void* arg) {
  Py_VISIT(self->function);
  Py_VISIT(self->names);
  Py_VISIT(self->context);
  for (Py_ssize_t i = 0; i < Py_SIZE(self); ++i) Py_VISIT(self->args[i]);
  return 0;
}

int traverse(PyObject* object, visitproc visit, void* arg) {
  auto* self = reinterpret_cast<batched_call*>(object);
  Py_VISIT(Py_TYPE(object));
  Py_VISIT(self->dict);
  return visit_contents(self, visit, arg);
}

int clear(PyObject* object) {
  clear_call(reinterpret_cast<batched_call*>(object));
  Py_CLEAR(reinterpret_cast<batched_call*>(object)->dict);
  return 0;
}

void destroy(PyObject* object) {
  PyObject_GC_UnTrack(object);
  if (reinterpret_cast<batched_call*>(object)->weakrefs) PyObject_ClearWeakRefs(object);
  clear(object);
  free_object(object);
}

// From here on it may be part of a reference cycle that nothing else refers to.
void track(PyObject* object) {
  if (!PyObject_GC_IsTracked(object)) PyObject_GC_Track(object);
}

int set_attribute(PyObject* object, PyObject* name, PyObject* value) {
  if (PyObject_GenericSetAttr(object, name, value) < 0) return -1;
  track(object);
  return 0;
}

PyObject* get_dict(PyObject* object, void* nothing) {
  PyObject* dict = PyObject_GenericGetDict(object, nothing);
  if (dict) track(object);
  return dict;
}

std::array<PyGetSetDef, 2> properties{{
    {"__dict__", &get_dict, nullptr, nullptr, nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
}};

std::array<PyMethodDef, 2> methods{{
    INTERLOOP_PYTHON_PLAIN(batched_call, "cancel", cancel,
                           "cancel($self)\n--\n\nPrevents the call, unless it has been made. Any number of times."),
    {nullptr, nullptr, 0, nullptr},
}};

std::array<PyMemberDef, 3> members{{
    {"__dictoffset__", T_PYSSIZET, offsetof(batched_call, dict), READONLY, nullptr},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(batched_call, weakrefs), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
}};

}  // namespace

int visit_call(batched_call* self, visitproc visit, void* arg) {
  if (!PyObject_GC_IsTracked(object_of(self))) return visit_contents(self, visit, arg);
  Py_VISIT(self);
  return 0;
}

void clear_call(batched_call* self) {
  Py_CLEAR(self->function);
  Py_CLEAR(self->names);
  Py_CLEAR(self->context);
  for (Py_ssize_t i = 0; i < Py_SIZE(self); ++i) Py_CLEAR(self->args[i]);
}

PyObject* run_call(batched_call* self) {
  if (!self->function) Py_RETURN_NONE;
  const ref function = ref::borrow(self->function);
  const ref keep = ref::borrow(object_of(self));
  const Py_ssize_t positional = Py_SIZE(self) - (self->names ? PyTuple_GET_SIZE(self->names) : 0);
  return PyObject_Vectorcall(function.get(), self->args, static_cast<std::size_t>(positional), self->names);
}

PyObject* run_call_in_context(batched_call* self, ref& empty) {
  if (!self->context && !empty && !(empty = ref(PyContext_New()))) return nullptr;
  const ref context = ref::borrow(self->context ? self->context : empty.get());
  if (PyContext_Enter(context.get()) < 0) return nullptr;
  ref result(run_call(self));
  if (PyContext_Exit(context.get()) < 0) return nullptr;
  if (context.get() == empty.get() && PyObject_Size(context.get()) != 0) empty = ref();
  return result.release();
}

ref make_batched_call(PyObject* function, const arguments& rest) {
  ref context(PyContext_CopyCurrent());
  if (!context) return ref();
  if (PyObject_Size(context.get()) == 0) context = ref();
  auto* made = PyObject_GC_NewVar(batched_call, call_type, rest.total());  // not tracked, unlike with tp_alloc
  if (!made) return ref();
  made->home = nullptr;
  made->previous = made->next = nullptr;
  made->dict = made->weakrefs = nullptr;
  made->function = Py_NewRef(function);
  made->names = Py_XNewRef(rest.names);
  made->context = context.release();
  for (Py_ssize_t i = 0; i < rest.total(); ++i) made->args[i] = Py_NewRef(rest.values[i]);
  return ref(object_of(made));
}

bool make_batched_call_type(PyObject* module) {
  std::array<PyType_Slot, 9> slots{{
      {Py_tp_call, reinterpret_cast<void*>(&run)},
      {Py_tp_traverse, reinterpret_cast<void*>(&traverse)},
      {Py_tp_clear, reinterpret_cast<void*>(&clear)},
      {Py_tp_dealloc, reinterpret_cast<void*>(&destroy)},
      {Py_tp_setattro, reinterpret_cast<void*>(&set_attribute)},
      {Py_tp_methods, methods.data()},
      {Py_tp_members, members.data()},
      {Py_tp_getset, properties.data()},
      {0, nullptr},
  }};
  PyType_Spec spec{"interloop._core.BatchedCall", offsetof(batched_call, args), sizeof(PyObject*),
                   Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots.data()};
  return (call_type = make_type(module, spec)) != nullptr;
}

}  // namespace interloop::python
