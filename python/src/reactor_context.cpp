// SPDX-License-Identifier: MIT
#include "reactor_context.hpp"

#include "native_asyncio.hpp"
#include "native_twisted.hpp"
#include "result_connection.hpp"
#include "waiting_threads.hpp"

#include <pthread.h>
#include <structmember.h>
#include <unistd.h>

#include <cstddef>

namespace interloop::python {
namespace {

PyTypeObject* context_type = nullptr;
unsigned forks = 0;  // counted in the child, before any other code runs there

PyObject* construct(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  std::array<const char*, 9> keywords{"reactor", "results", "api",   "on_twisted", "survives_fork",
                                      "queue",   "waker",   "event", nullptr};
  PyObject *reactor = nullptr, *results = nullptr, *api = nullptr, *queue = Py_None, *event = Py_None;
  int on_twisted = 0, survives_fork = 0, waker = -1;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OOOpp|OiO:ReactorContext", const_cast<char**>(keywords.data()),
                                   &reactor, &results, &api, &on_twisted, &survives_fork, &queue, &waker, &event))
    return nullptr;
  ref as_future(PyObject_GetAttr(api, names::as_future));
  if (!as_future) return nullptr;
  auto* self = allocate<reactor_context>(type);
  if (!self) return nullptr;
  if (event != Py_None) use_patched_threads(event);
  self->reactor = Py_NewRef(reactor);
  self->results = Py_NewRef(results);
  self->as_future = as_future.release();
  self->on_twisted = on_twisted != 0;
  self->survives_fork = survives_fork != 0;
  self->generation = forks;
  if (PyList_CheckExact(queue) && waker >= 0) self->queue = Py_NewRef(queue);
  self->waker = waker;
  return reinterpret_cast<PyObject*>(self);
}

using garbage = collected<reactor_context, &reactor_context::reactor, &reactor_context::results,
                          &reactor_context::as_future, &reactor_context::queue>;

// Whether `value` completes later or is a failure, so that txaio's as_future must see it. -1: an exception is set.
int needs_a_future(reactor_context* context, PyObject* value) {
  if (PyCoro_CheckExact(value)) return 1;
  if (context->on_twisted) {
    const native_twisted* twisted = get_twisted();
    if (!twisted) return -1;
    return PyObject_TypeCheck(value, twisted->deferred) || PyObject_TypeCheck(value, twisted->failure);
  }
  const native_asyncio* asyncio = get_asyncio();
  if (!asyncio) return -1;
  return is_asyncio_future(*asyncio, value) || PyAsyncGen_CheckExact(value) ? 1 : is_coroutine(*asyncio, value);
}

// Returns the object that it was made with: as_future takes functions.
PyObject* give(PyObject* value, PyObject*) { return Py_NewRef(value); }
PyMethodDef give_method{"value", &give, METH_NOARGS, nullptr};

}  // namespace

reactor_context* usable_context(PyObject* event_loop) {
  static PyObject* name = PyUnicode_InternFromString("_context");
  const ref found(PyObject_GetAttr(event_loop, name));
  if (!found) return nullptr;
  if (Py_IS_TYPE(found.get(), context_type)) {
    auto* context = reinterpret_cast<reactor_context*>(found.get());
    // The event loop keeps the context alive: it is set only once.
    if (context->survives_fork || context->generation == forks) return context;
  }
  const ref unusable = call_method(event_loop, names::require_usable);
  if (unusable) PyErr_SetString(PyExc_RuntimeError, "the event loop is not set up");
  return nullptr;
}

bool call_in_reactor(reactor_context* context, PyObject* callable) {
  if (!context->queue) return static_cast<bool>(call_method(context->reactor, names::callFromThread, callable));
  // Does what Twisted's callFromThread does, in the same order, but does not release the GIL for a write that does not
  // block: the reactor's thread would wake only to wait for the GIL.
  static PyObject* no_names = nullptr;
  if (!no_names) no_names = PyDict_New();
  const ref nothing(PyTuple_New(0));
  const ref call(nothing && no_names ? PyTuple_Pack(3, callable, nothing.get(), no_names) : nullptr);
  if (!call || PyList_Append(context->queue, call.get()) < 0) return false;
  if (context->runs_call) return true;  // after that call, the reactor wakes itself for whatever was added meanwhile
  [[maybe_unused]] const auto written = ::write(context->waker, "x", 1);  // full: it is awake
  return true;
}

bool run_for_result(reactor_context* context, PyObject* result, PyObject* function, const arguments& given) {
  const ref value = call_with(function, given);
  if (!value) return false;
  const int later = needs_a_future(context, value.get());
  if (later < 0) return false;
  if (!later) return set_eventual_result(result, value.get());
  const ref holder(PyCFunction_New(&give_method, value.get()));
  const ref future = holder ? call(context->as_future, holder.get()) : ref();
  return future && connect_eventual_result(result, future.get());
}

bool make_reactor_context_type(PyObject* module) {
  static const int registered = pthread_atfork(nullptr, nullptr, [] { ++forks; });
  if (registered != 0) {
    PyErr_SetString(PyExc_OSError, "pthread_atfork");
    return false;
  }
  context_type = make_class<reactor_context, garbage>(module, "interloop._core.ReactorContext",
                                                      {{Py_tp_new, reinterpret_cast<void*>(&construct)}}, {}, 0);
  return context_type != nullptr;
}

}  // namespace interloop::python
