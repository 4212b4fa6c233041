// SPDX-License-Identifier: MIT
#include "row.hpp"

#include "type.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <utility>

namespace interloop::python {

row* open_row = nullptr;

namespace {

PyTypeObject* row_type = nullptr;
thread_local row* running_row = nullptr;  // its calls are being called in this thread

PyObject* object_of(row* self) { return reinterpret_cast<PyObject*>(self); }

// Memory of rows that have gone, for the next ones; it refers to nothing.
constexpr std::size_t most_spares = 16, most_spare_calls = 256;
std::array<row*, most_spares> spares{};
std::size_t spare_count = 0;

// Takes the next call out of the row.
one_call take_next(row* self) { return std::exchange(self->calls[self->next++], one_call{}); }
void drop(const one_call& gone) {
  Py_XDECREF(gone.callback);
  Py_XDECREF(gone.argument);
  Py_XDECREF(gone.context);
}

struct garbage {
  using fields = collected<row, &row::cancelled, &row::loop, &row::last>;
  static int traverse(PyObject* object, visitproc visit, void* arg) {
    for (const one_call& each : reinterpret_cast<row*>(object)->calls) {
      Py_VISIT(each.callback);
      Py_VISIT(each.argument);
      Py_VISIT(each.context);
    }
    return fields::traverse(object, visit, arg);
  }
  static int clear(PyObject* object) {
    auto* self = reinterpret_cast<row*>(object);
    if (open_row == self) open_row = nullptr;
    while (self->next < self->calls.size()) drop(take_next(self));
    return fields::clear(object);
  }
  static void destroy(PyObject* object) {
    PyObject_GC_UnTrack(object);
    clear(object);
    auto* self = reinterpret_cast<row*>(object);
    self->calls.clear();
    if (spare_count < spares.size() && self->calls.capacity() <= most_spare_calls) {
      spares[spare_count++] = self;
      Py_DECREF(Py_TYPE(object));
      return;
    }
    std::destroy_at(&self->calls);
    free_object(object);
  }
};

ref make_handle(const own_queue& own, PyObject* callback, PyObject* argument, PyObject* loop, PyObject* context) {
  const ref args(PyTuple_Pack(1, argument));
  return args ? call(own.handle, callback, args.get(), loop, context) : ref();
}

// Raises what a callback has raised, to a handle of asyncio's own, which names the callback. `given`: exception,
// callback, handle.
PyObject* raise_again(PyObject* given, PyObject*) {
  if (PyObject_SetAttr(PyList_GET_ITEM(given, 2), names::callback_, PyList_GET_ITEM(given, 1)) < 0) return nullptr;
  put_exception(ref::borrow(PyList_GET_ITEM(given, 0)));
  return nullptr;
}
PyMethodDef raise_again_definition{"raise_again", &raise_again, METH_O, nullptr};

// What uvloop's handle does with an exception.
bool report_as_uvloop(const own_queue& own, PyObject* loop, const one_call& from, ref raised) {
  for (PyObject* ends : {PyExc_KeyboardInterrupt, PyExc_SystemExit})
    if (PyErr_GivenExceptionMatches(raised.get(), ends)) return put_exception(std::move(raised)), false;
  const handling within(raised.get());
  const ref handle = make_handle(own, from.callback, from.argument, loop, from.context);
  if (!handle) return false;
  const ref context(Py_BuildValue("{s:N,s:O,s:O}", "message",
                                  PyUnicode_FromFormat("Exception in callback %S", from.callback), "exception",
                                  raised.get(), "handle", handle.get()));
  return context && call_method(loop, names::handle_exception, context.get());
}

// Reports what is raised as the loop's own handle would; asyncio's does it. False: an exception is set, which ends the
// loop.
bool report(const own_queue& own, PyObject* loop, const one_call& from) {
  ref raised = take_exception();
  if (!is_asyncio(own, loop)) return report_as_uvloop(own, loop, from, std::move(raised));
  const ref given(PyList_New(3));
  if (!given) return false;
  PyList_SET_ITEM(given.get(), 0, Py_NewRef(raised.get()));
  PyList_SET_ITEM(given.get(), 1, Py_NewRef(from.callback));
  const ref raise(PyCFunction_New(&raise_again_definition, given.get()));
  const ref handle = raise ? make_handle(own, raise.get(), from.argument, loop, from.context) : ref();
  if (!handle) return false;
  PyList_SET_ITEM(given.get(), 2, Py_NewRef(handle.get()));
  const bool told = static_cast<bool>(call_method(handle.get(), names::run_));
  Py_DECREF(PyList_GET_ITEM(given.get(), 2));  // which keeps the list
  PyList_SET_ITEM(given.get(), 2, nullptr);
  return told;
}

// `Handle(callback, (argument,), loop, context)._run()`.
bool call_one(const own_queue& own, PyObject* loop, const one_call& each) {
  if (PyContext_Enter(each.context) < 0) {  // it is entered already, which asyncio reports
    PyErr_Clear();
    const ref handle = make_handle(own, each.callback, each.argument, loop, each.context);
    return handle && call_method(handle.get(), names::run_);
  }
  const ref answer = call(each.callback, each.argument);
  if (answer) return PyContext_Exit(each.context) == 0 || (PyErr_Clear(), true);
  ref raised = take_exception();
  if (PyContext_Exit(each.context) < 0) PyErr_Clear();
  put_exception(std::move(raised));
  return report(own, loop, each);
}

PyObject* run_as_function(PyObject* object, PyObject* const*, std::size_t, PyObject*) {
  return run(reinterpret_cast<row*>(object));
}

PyObject* callback_now(row* self) {
  if (self->last) return self->last;
  PyObject* first = self->next < self->calls.size() ? self->calls[self->next].callback : nullptr;
  return first ? first : Py_None;
}
PyObject* callback_of_handle(PyObject* object, void*) {
  return Py_NewRef(callback_now(reinterpret_cast<row*>(object)));
}
PyObject* none(PyObject*, void*) { return Py_NewRef(Py_None); }
PyObject* describe(PyObject* object) {  // seen in asyncio's debug messages
  return PyUnicode_FromFormat("<queued %R>", callback_now(reinterpret_cast<row*>(object)));
}

// What a loop, or its debug mode, wants of a handle.
std::array<PyMethodDef, 2> methods{{
    INTERLOOP_PYTHON_PLAIN(row, "_run", run, "What the loop calls."),
    {nullptr, nullptr, 0, nullptr},
}};
std::array<PyGetSetDef, 3> properties{{
    {"_callback", &callback_of_handle, nullptr, nullptr, nullptr},
    {"_source_traceback", &none, nullptr, nullptr, nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
}};

}  // namespace

ref make_row(PyObject* loop) {
  if (!row_type)
    row_type = make_class<row, garbage>(nullptr, "interloop.queued",
                                        {{Py_tp_repr, reinterpret_cast<void*>(&describe)},
                                         {Py_tp_methods, methods.data()},
                                         {Py_tp_getset, properties.data()}},
                                        {{"_cancelled", T_OBJECT_EX, offsetof(row, cancelled), READONLY, nullptr}},
                                        Py_TPFLAGS_DISALLOW_INSTANTIATION);
  if (!row_type) return ref();
  row* self = nullptr;
  if (spare_count > 0) {
    self = spares[--spare_count];
    PyObject_Init(object_of(self), row_type);
    PyObject_GC_Track(self);
  } else {
    self = allocate<row>(row_type);
    if (!self) return ref();
    std::construct_at(&self->calls);
  }
  self->vectorcall = &run_as_function;
  self->cancelled = Py_NewRef(Py_False);
  self->loop = Py_NewRef(loop);
  self->handle = nullptr;
  self->next = 0;
  return ref(object_of(self));
}

PyObject* run(row* self) {
  const own_queue* own = queue();
  const ref kept = ref::borrow(object_of(self)), loop = ref::borrow(self->loop);
  if (!own || !loop) Py_RETURN_NONE;
  if (open_row == self) open_row = nullptr;
  row* const outer = std::exchange(running_row, self);
  bool done = true;
  while (done && self->next < self->calls.size()) {
    const one_call each = take_next(self);
    if (!each.callback) continue;  // the garbage collector was here
    const ref before(std::exchange(self->last, Py_NewRef(each.callback)));
    done = call_one(*own, loop.get(), each);
    drop(each);
  }
  running_row = outer;
  if (done) Py_RETURN_NONE;
  if (self->next < self->calls.size()) {
    ref raised = take_exception();
    put_first(*own, self);
    put_exception(std::move(raised));
  }
  return nullptr;
}

bool is_last(PyObject* ready, row* self) {
  const Py_ssize_t length = PyObject_Size(ready);
  if (length != self->length || length < 1) return false;
  const ref last(PySequence_GetItem(ready, length - 1));
  return last.get() == (self->handle ? self->handle : object_of(self));
}

bool append(const own_queue& own, PyObject* ready, row* self) {
  if (is_asyncio(own, self->loop)) {
    if (!call(own.append, ready, object_of(self))) return false;
  } else {
    const ref handle = call_method(self->loop, names::call_soon, object_of(self));
    if (!handle) return false;
    self->handle = handle.get();
  }
  self->length = PyObject_Size(ready);
  if (is_last(ready, self)) {
    open_row = self;
  } else {
    forget_uvloop_queue();  // that was not the queue
  }
  return true;
}

void put_first(const own_queue& own, row* self) {
  const bool asyncio = is_asyncio(own, self->loop);
  if (const ref ready = asyncio ? asyncio_ready(own, self->loop) : queue_of_loop(own, self->loop)) {
    if (asyncio) {
      call_method(ready.get(), names::appendleft, object_of(self));
    } else if (append(own, ready.get(), self)) {
      call_method(ready.get(), names::rotate);
    }
    open_row = nullptr;  // the length of the queue says no more what was taken from it
    return PyErr_Clear();
  }
  PyErr_Clear();
  while (self->next < self->calls.size()) {  // the loop's class has changed, say
    const one_call each = take_next(self);
    static PyObject* keywords = nullptr;
    if (!keywords) keywords = PyTuple_Pack(1, names::context);
    PyObject* stack[] = {self->loop, each.callback, each.argument, each.context};
    if (keywords) ref(PyObject_VectorcallMethod(names::call_soon, stack, 3, keywords));
    PyErr_Clear();  // the loop is closed
    drop(each);
  }
}

bool calls_follow() { return running_row && running_row->next < running_row->calls.size(); }

}  // namespace interloop::python
