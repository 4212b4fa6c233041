// SPDX-License-Identifier: MIT
//
// `ReactorFunction(function, event_loop)` runs the function in the reactor's thread and returns an EventualResult; with
// a timeout it waits for that. It binds as the function does, and has its name, documentation and signature.
#include "reactor_function.hpp"

#include "native_twisted.hpp"
#include "reactor_context.hpp"
#include "result_set.hpp"

#include <structmember.h>

#include <cstddef>

namespace interloop::python {
namespace {

struct reactor_function {
  PyObject_HEAD
  vectorcallfunc vectorcall;
  PyObject* wrapped;
  PyObject* event_loop;  // has _context, after the setup, and _require_usable()
  PyObject* timeout;     // null: do not wait
  PyObject* weakrefs;
};

// One call on its way to the reactor's thread: a result, a function and its arguments.
struct job {
  PyObject_VAR_HEAD
  vectorcallfunc vectorcall;
  reactor_context* context;  // owned
  PyObject* result;          // an EventualResult; it dies with the job, so that one that nobody kept can be reported
  PyObject* names;
  PyObject* args[1];  // the function first; as many as the object's size says
};

PyTypeObject* function_type = nullptr;
PyTypeObject* job_type = nullptr;

ref make_job(reactor_context* context, PyObject* result, PyObject* function, const arguments& given);

reactor_function* as_function(PyObject* object) { return reinterpret_cast<reactor_function*>(object); }

// ---- the job

// The exception that is set, as the framework's failure.
bool fail(reactor_context* context, PyObject* result) {
  if (!context->on_twisted) return fail_eventual_result(result);
  const ref exception = take_exception();
  const native_twisted* twisted = get_twisted();
  if (!twisted) return false;
  const ref failure = call(reinterpret_cast<PyObject*>(twisted->failure), exception.get());
  return failure && set_eventual_result(result, failure.get());
}

PyObject* run_job(PyObject* object, PyObject* const*, std::size_t, PyObject*) {
  auto* self = reinterpret_cast<job*>(object);
  if (!self->context || !self->result) Py_RETURN_NONE;
  const ref keep = ref::borrow(object);
  const Py_ssize_t positional = Py_SIZE(self) - (self->names ? PyTuple_GET_SIZE(self->names) : 0);
  // Whatever was raised, even SystemExit: a caller waits for it.
  const arguments given{self->args + 1, positional - 1, self->names};
  self->context->runs_call = true;
  const bool told =
      run_for_result(self->context, self->result, self->args[0], given) || fail(self->context, self->result);
  self->context->runs_call = false;
  if (!told) return nullptr;
  Py_CLEAR(self->result);
  Py_RETURN_NONE;
}

int job_traverse(PyObject* object, visitproc visit, void* arg) {
  auto* self = reinterpret_cast<job*>(object);
  Py_VISIT(Py_TYPE(object));
  Py_VISIT(self->context);
  Py_VISIT(self->result);
  Py_VISIT(self->names);
  for (Py_ssize_t i = 0; i < Py_SIZE(self); ++i) Py_VISIT(self->args[i]);
  return 0;
}

int job_clear(PyObject* object) {
  auto* self = reinterpret_cast<job*>(object);
  Py_CLEAR(self->context);
  Py_CLEAR(self->result);
  Py_CLEAR(self->names);
  for (Py_ssize_t i = 0; i < Py_SIZE(self); ++i) Py_CLEAR(self->args[i]);
  return 0;
}

void job_destroy(PyObject* object) {
  PyObject_GC_UnTrack(object);
  job_clear(object);
  free_object(object);
}

PyObject* describe_job(PyObject* object) {  // seen in asyncio's debug messages
  PyObject* function = reinterpret_cast<job*>(object)->args[0];
  const ref call = description_of_call(function ? function : Py_None);
  return call ? PyUnicode_FromFormat("<%U in the reactor's thread>", call.get()) : nullptr;
}

ref make_job(reactor_context* context, PyObject* result, PyObject* function, const arguments& given) {
  ref owner(job_type->tp_alloc(job_type, 1 + given.total()));
  if (!owner) return ref();
  auto* made = reinterpret_cast<job*>(owner.get());
  made->vectorcall = &run_job;
  made->context = reinterpret_cast<reactor_context*>(Py_NewRef(reinterpret_cast<PyObject*>(context)));
  made->result = Py_NewRef(result);
  made->names = Py_XNewRef(given.names);
  made->args[0] = Py_NewRef(function);
  for (Py_ssize_t i = 0; i < given.total(); ++i) made->args[i + 1] = Py_NewRef(given.values[i]);
  return owner;
}

// ---- the function

ref start(reactor_function* self, const arguments& given) {
  reactor_context* context = usable_context(self->event_loop);
  if (!context) return ref();
  if (self->timeout && !require_other_thread(context->reactor, "A function decorated with wait_for")) return ref();
  ref result = make_eventual_result(context->reactor);
  if (!result || !add_to_results(context->results, result.get())) return ref();
  const ref work = make_job(context, result.get(), self->wrapped, given);
  if (!work || !call_in_reactor(context, work.get())) return ref();
  return result;
}

PyObject* call_function(PyObject* object, PyObject* const* args, std::size_t flags, PyObject* keywords) {
  reactor_function* self = as_function(object);
  const ref keep = ref::borrow(object);
  static PyObject* timed_out = nullptr;
  if (!timed_out) timed_out = import_from("interloop.crochet._errors", "TimeoutError").release();
  ref result = timed_out ? start(self, arguments{args, PyVectorcall_NARGS(flags), keywords}) : ref();
  if (!result || !self->timeout) return result.release();
  constexpr double grace = 0.01;  // the loop's thread needs a moment even for a function that returns immediately
  ref value = wait_eventual_result(result.get(), self->timeout, grace);
  if (value) return value.release();
  if (PyErr_ExceptionMatches(timed_out)) {
    ref exception = take_exception();
    if (!cancel_eventual_result(result.get())) PyErr_Clear();  // the reactor has stopped: nothing is left to cancel
    put_exception(std::move(exception));
  }
  return nullptr;
}

ref make_function(PyObject* wrapped, PyObject* event_loop, PyObject* timeout) {
  auto* self = allocate<reactor_function>(function_type);
  if (!self) return ref();
  self->vectorcall = &call_function;
  self->wrapped = Py_NewRef(wrapped);
  self->event_loop = Py_NewRef(event_loop);
  self->timeout = Py_XNewRef(timeout);
  return ref(reinterpret_cast<PyObject*>(self));
}

PyObject* construct(PyTypeObject*, PyObject* args, PyObject* kwargs) {
  std::array<const char*, 4> keywords{"function", "event_loop", "timeout", nullptr};
  PyObject *function = nullptr, *event_loop = nullptr, *timeout = nullptr;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO|O:ReactorFunction", const_cast<char**>(keywords.data()), &function,
                                   &event_loop, &timeout))
    return nullptr;
  return make_function(function, event_loop, timeout).release();
}

// Binds as the wrapped object does: functions to an instance, class methods to the class, static methods to nothing.
PyObject* bind(PyObject* object, PyObject* instance, PyObject* owner) {
  reactor_function* self = as_function(object);
  const descrgetfunc get = Py_TYPE(self->wrapped)->tp_descr_get;
  if (!get) return Py_NewRef(object);
  const ref bound(get(self->wrapped, instance, owner));
  if (!bound) return nullptr;
  if (bound.get() == self->wrapped) return Py_NewRef(object);
  return make_function(bound.get(), self->event_loop, self->timeout).release();
}

// The code of a function that is not a coroutine function: a caller does not get a coroutine.
ref without_coroutine_flag(ref code) {
  const int flags = reinterpret_cast<PyCodeObject*>(code.get())->co_flags;
  if (!(flags & CO_COROUTINE)) return code;
  const ref replace(PyObject_GetAttrString(code.get(), "replace"));
  const ref nothing(PyTuple_New(0));
  const ref changes(Py_BuildValue("{s:i}", "co_flags", flags & ~CO_COROUTINE));
  return replace && nothing && changes ? ref(PyObject_Call(replace.get(), nothing.get(), changes.get())) : ref();
}

PyObject* get_attribute(PyObject* object, PyObject* name) {
  reactor_function* self = as_function(object);
  // Its class too, so that isinstance() and `inspect` treat it as the function or method that it stands for.
  for (PyObject* each : {names::dunder_name, names::dunder_qualname, names::dunder_doc, names::dunder_module,
                         names::dunder_annotations, names::dunder_class})
    if (PyUnicode_Compare(each, name) == 0) return PyObject_GetAttr(self->wrapped, name);
  PyObject* found = PyObject_GenericGetAttr(object, name);
  if (found || !PyErr_ExceptionMatches(PyExc_AttributeError)) return found;
  // Because of these, `inspect` would treat it as the coroutine function that it wraps.
  for (PyObject* each : {names::is_coroutine, names::is_coroutine_mark})
    if (PyUnicode_Compare(each, name) == 0) return nullptr;
  PyErr_Clear();
  found = PyObject_GetAttr(self->wrapped, name);
  return found && PyCode_Check(found) ? without_coroutine_flag(ref(found)).release() : found;
}

// Attributes are the wrapped function's, so a method has them however it is bound.
int set_attribute(PyObject* object, PyObject* name, PyObject* value) {
  if (PyUnicode_Compare(name, names::dunder_wrapped) == 0) return PyObject_GenericSetAttr(object, name, value);
  return PyObject_SetAttr(as_function(object)->wrapped, name, value);
}

PyObject* describe(PyObject* object) {
  return PyUnicode_FromFormat("<%R in the reactor's thread>", as_function(object)->wrapped);
}

PyObject* compare(PyObject* left, PyObject* right, int operation) {
  if ((operation != Py_EQ && operation != Py_NE) || !Py_IS_TYPE(right, function_type)) Py_RETURN_NOTIMPLEMENTED;
  const bool alike = as_function(left)->event_loop == as_function(right)->event_loop &&
                     (as_function(left)->timeout == nullptr) == (as_function(right)->timeout == nullptr);
  const int same = alike ? PyObject_RichCompareBool(as_function(left)->wrapped, as_function(right)->wrapped, Py_EQ) : 0;
  return same < 0 ? nullptr : PyBool_FromLong((same != 0) == (operation == Py_EQ));
}

Py_hash_t hash(PyObject* object) { return PyObject_Hash(as_function(object)->wrapped); }

using garbage =
    collected<reactor_function, &reactor_function::wrapped, &reactor_function::event_loop, &reactor_function::timeout>;

std::array<PyMemberDef, 2> job_members{{
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(job, vectorcall), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
}};

}  // namespace

bool make_reactor_function_types(PyObject* module) {
  std::array<PyType_Slot, 7> job_slots{{
      {Py_tp_call, reinterpret_cast<void*>(&PyVectorcall_Call)},
      {Py_tp_traverse, reinterpret_cast<void*>(&job_traverse)},
      {Py_tp_clear, reinterpret_cast<void*>(&job_clear)},
      {Py_tp_dealloc, reinterpret_cast<void*>(&job_destroy)},
      {Py_tp_members, job_members.data()},
      {Py_tp_repr, reinterpret_cast<void*>(&describe_job)},
      {0, nullptr},
  }};
  PyType_Spec job_spec{
      "interloop._core._Job", offsetof(job, args), sizeof(PyObject*),
      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_DISALLOW_INSTANTIATION,
      job_slots.data()};
  function_type = make_class<reactor_function, garbage>(
      module, "interloop._core.ReactorFunction",
      {{Py_tp_new, reinterpret_cast<void*>(&construct)},
       {Py_tp_descr_get, reinterpret_cast<void*>(&bind)},
       {Py_tp_getattro, reinterpret_cast<void*>(&get_attribute)},
       {Py_tp_setattro, reinterpret_cast<void*>(&set_attribute)},
       {Py_tp_repr, reinterpret_cast<void*>(&describe)},
       {Py_tp_richcompare, reinterpret_cast<void*>(&compare)},
       {Py_tp_hash, reinterpret_cast<void*>(&hash)}},
      {{"__wrapped__", T_OBJECT, offsetof(reactor_function, wrapped), READONLY, nullptr}}, 0);
  return function_type && (job_type = make_type(module, job_spec));
}

}  // namespace interloop::python
