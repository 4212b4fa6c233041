// SPDX-License-Identifier: MIT
#include "asyncio_callbacks.hpp"

#include "failed_future.hpp"

#include <array>
#include <cstddef>

namespace interloop::python {
namespace {

struct callbacks {
  PyObject_HEAD
  vectorcallfunc vectorcall;
  PyObject* first;   // the callback, or the canceller
  PyObject* second;  // the errback
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

struct garbage : collected<callbacks, &callbacks::first, &callbacks::second> {
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

ref make(vectorcallfunc function, PyObject* first, PyObject* second) {
  auto* self = allocate_callbacks();
  if (!self) return ref();
  self->vectorcall = function;
  self->first = Py_NewRef(first);
  self->second = Py_NewRef(second);
  return ref(reinterpret_cast<PyObject*>(self));
}

}  // namespace

ref make_done_callback(PyObject* callback, PyObject* errback) { return make(&on_done, callback, errback); }
ref make_cancel_callback(PyObject* canceller) { return make(&on_cancelled, canceller, Py_None); }

bool make_asyncio_callback_types(PyObject* module) {
  callbacks_type = make_inner_class<callbacks, garbage>(module, "interloop._core._Callbacks", &describe);
  return callbacks_type != nullptr;
}

}  // namespace interloop::python
