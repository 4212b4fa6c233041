// SPDX-License-Identifier: MIT
#include "asyncio_callbacks.hpp"

#include "failed_future.hpp"

#include <structmember.h>

#include <array>
#include <cstddef>

namespace interloop::python {
namespace {

struct callbacks {
  PyObject_HEAD
  vectorcallfunc vectorcall;
  PyObject* first;   // the callback, or the canceller
  PyObject* second;  // the errback
  // As a handle in a loop's queue:
  PyObject* future;
  PyObject* context;
  PyObject* raised;     // by the callback
  PyObject* cancelled;  // False, because nobody has the handle to cancel it
};

PyTypeObject* callbacks_type = nullptr;

// Memory of objects that have gone, for the next ones; it refers to nothing.
constexpr std::size_t most_spares = 128;
std::array<callbacks*, most_spares> spares{};
std::size_t spare_count = 0;

// The garbage collector may have emptied an object that a finalizer still calls.
ref or_none(PyObject* object) { return ref::borrow(object ? object : Py_None); }

// The value that an errback returns is ignored; an exception that it raises goes to the loop's exception handler, as in
// asyncio.
PyObject* fail(PyObject* errback, bool from_callback) {
  const native_asyncio* asyncio = get_asyncio();
  if (!asyncio) return nullptr;
  const ref exception = take_exception();
  const bool told = is_ordinary(exception.get()) || PyObject_TypeCheck(exception.get(), asyncio->cancelled_error);
  if (!told || (errback == Py_None && from_callback)) {
    put_exception(ref::borrow(exception.get()));
    return nullptr;
  }
  if (errback == Py_None) Py_RETURN_NONE;
  const ref failure = make_failed_future(exception.get(), true);
  if (!failure) return nullptr;
  const handling within(exception.get());
  if (!call(errback, failure.get())) return nullptr;
  Py_RETURN_NONE;
}

PyObject* on_done(PyObject* object, PyObject* const* args, std::size_t flags, PyObject*) {
  if (PyVectorcall_NARGS(flags) != 1) {
    PyErr_SetString(PyExc_TypeError, "a done callback takes the future");
    return nullptr;
  }
  const native_asyncio* asyncio = get_asyncio();
  if (!asyncio) return nullptr;
  auto* self = reinterpret_cast<callbacks*>(object);
  // The future forgets its callbacks before it calls them, so nothing else may keep these alive.
  const ref callback = or_none(self->first);
  const ref errback = or_none(self->second);
  const ref result = call_future(*asyncio, asyncio->result, args[0]);
  if (!result) return fail(errback.get(), false);
  if (callback.get() == Py_None) Py_RETURN_NONE;
  if (!call(callback.get(), result.get())) return fail(errback.get(), true);
  Py_RETURN_NONE;
}

PyObject* on_cancelled(PyObject* object, PyObject* const* args, std::size_t flags, PyObject*) {
  if (PyVectorcall_NARGS(flags) != 1) {
    PyErr_SetString(PyExc_TypeError, "a done callback takes the future");
    return nullptr;
  }
  const native_asyncio* asyncio = get_asyncio();
  if (!asyncio) return nullptr;
  const ref canceller = or_none(reinterpret_cast<callbacks*>(object)->first);
  // As in txaio: asking for the exception also tells asyncio that it was retrieved.
  if (call_method(args[0], names::exception)) Py_RETURN_NONE;
  if (!PyErr_ExceptionMatches(reinterpret_cast<PyObject*>(asyncio->cancelled_error))) return nullptr;
  const ref exception = take_exception();
  const handling within(exception.get());
  if (!call(canceller.get(), args[0])) return nullptr;
  Py_RETURN_NONE;
}

// Raises what the callback has raised, to asyncio's own handle.
PyObject* raise_again(PyObject* object, PyObject* const*, std::size_t, PyObject*) {
  ref raised(std::exchange(reinterpret_cast<callbacks*>(object)->raised, nullptr));
  if (!raised) Py_RETURN_NONE;  // somebody runs the handle once more
  put_exception(std::move(raised));
  return nullptr;
}

// `Handle(callback, (future,), loop, context)._run()`.
PyObject* run_as_handle(callbacks* self, PyObject* future, PyObject* context) {
  const native_asyncio* asyncio = get_asyncio();
  const ref type = asyncio ? import_from("asyncio", "Handle") : ref();
  const ref loop = type ? call_future(*asyncio, asyncio->get_loop, future) : ref();
  const ref args(loop ? PyTuple_Pack(1, future) : nullptr);
  auto* object = reinterpret_cast<PyObject*>(self);
  const ref handle = args ? call(type.get(), object, args.get(), loop.get(), context) : ref();
  return handle ? call_method(handle.get(), names::run_).release() : nullptr;
}

// What the loop calls when the queue has come here.
PyObject* run(callbacks* self) {
  const ref future(std::exchange(self->future, nullptr)), context(std::exchange(self->context, nullptr));
  if (!future || !context) Py_RETURN_NONE;
  if (PyContext_Enter(context.get()) < 0) {  // it is entered already, which asyncio reports
    PyErr_Clear();
    return run_as_handle(self, future.get(), context.get());
  }
  PyObject* argument = future.get();
  const ref answer(self->vectorcall(reinterpret_cast<PyObject*>(self), &argument, 1, nullptr));
  ref raised = answer ? ref() : take_exception();
  if (PyContext_Exit(context.get()) < 0) PyErr_Clear();
  if (answer) Py_RETURN_NONE;
  self->raised = raised.release();
  self->vectorcall = &raise_again;
  return run_as_handle(self, future.get(), context.get());
}

PyObject* callback_of_handle(PyObject* object, void*) { return Py_NewRef(object); }
PyObject* none(PyObject*, void*) { return Py_NewRef(Py_None); }

struct garbage : collected<callbacks, &callbacks::first, &callbacks::second, &callbacks::future, &callbacks::context,
                           &callbacks::raised, &callbacks::cancelled> {
  static void destroy(PyObject* object) {
    PyObject_GC_UnTrack(object);
    clear(object);
    if (spare_count == spares.size()) return free_object(object);
    spares[spare_count++] = reinterpret_cast<callbacks*>(object);
    Py_DECREF(Py_TYPE(object));
  }
};

callbacks* allocate_callbacks() {
  if (spare_count == 0) return allocate<callbacks>(callbacks_type);
  callbacks* self = spares[--spare_count];
  PyObject_Init(reinterpret_cast<PyObject*>(self), callbacks_type);
  PyObject_GC_Track(self);
  return self;
}

PyObject* describe(PyObject* object) {  // seen in asyncio's debug messages
  auto* self = reinterpret_cast<callbacks*>(object);
  return PyUnicode_FromFormat("<txaio callbacks %R, %R>", self->first ? self->first : Py_None,
                              self->second ? self->second : Py_None);
}

// What a loop, or its debug mode, wants of a handle.
std::array<PyMethodDef, 2> methods{{
    INTERLOOP_PYTHON_PLAIN(callbacks, "_run", run, "What the loop calls."),
    {nullptr, nullptr, 0, nullptr},
}};
std::array<PyGetSetDef, 3> properties{{
    {"_callback", &callback_of_handle, nullptr, nullptr, nullptr},
    {"_source_traceback", &none, nullptr, nullptr, nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
}};

ref make(vectorcallfunc function, PyObject* first, PyObject* second) {
  auto* self = allocate_callbacks();
  if (!self) return ref();
  self->vectorcall = function;
  self->first = Py_NewRef(first);
  self->second = Py_NewRef(second);
  self->cancelled = Py_NewRef(Py_False);
  return ref(reinterpret_cast<PyObject*>(self));
}

}  // namespace

ref make_done_callback(PyObject* callback, PyObject* errback) { return make(&on_done, callback, errback); }
ref make_cancel_callback(PyObject* canceller) { return make(&on_cancelled, canceller, Py_None); }

bool can_be_queued(PyObject* object) noexcept {
  return Py_IS_TYPE(object, callbacks_type) && !reinterpret_cast<callbacks*>(object)->future;
}

void make_queued(PyObject* object, PyObject* future, PyObject* context) noexcept {
  auto* self = reinterpret_cast<callbacks*>(object);
  self->future = Py_NewRef(future);
  self->context = Py_NewRef(context);
}

bool make_asyncio_callback_types(PyObject* module) {
  callbacks_type =
      make_class<callbacks, garbage>(module, "interloop._core._Callbacks",
                                     {{Py_tp_repr, reinterpret_cast<void*>(&describe)},
                                      {Py_tp_methods, methods.data()},
                                      {Py_tp_getset, properties.data()}},
                                     {{"_cancelled", T_OBJECT_EX, offsetof(callbacks, cancelled), READONLY, nullptr}},
                                     Py_TPFLAGS_DISALLOW_INSTANTIATION);
  return callbacks_type != nullptr;
}

}  // namespace interloop::python
