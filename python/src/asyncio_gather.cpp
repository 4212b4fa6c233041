// SPDX-License-Identifier: MIT
//
// The result is asyncio's own `_GatheringFuture`, whose `cancel` cancels the children. A single object, which each
// child calls when it is done, counts them. The order of calls is asyncio's: in Python 3.12 and later, children that
// are done already count at once; before, they too were counted in a later iteration of the loop.
#include "asyncio_gather.hpp"

#include "type.hpp"

#include <cstddef>

namespace interloop::python {
namespace {

struct gathering {
  PyObject_HEAD
  vectorcallfunc vectorcall;
  PyObject* children;  // a list, duplicates included
  PyObject* outer;     // null until all children are known
  Py_ssize_t expected;
  Py_ssize_t finished;
  bool consume;
};

PyTypeObject* gathering_type = nullptr;

// Whether `future.method()` is true. -1: an exception is set.
int truth_of(const native_asyncio& asyncio, const future_method& method, PyObject* future) {
  const ref answer = call_future(asyncio, method, future);
  return answer ? PyObject_IsTrue(answer.get()) : -1;
}

bool fail_outer(gathering* self, PyObject* exception) {
  return static_cast<bool>(call_method(self->outer, names::set_exception, exception));
}

// A CancelledError as the child raises it.
ref cancelled_error_of(const native_asyncio& asyncio, PyObject* child) {
  ref made = call_method(child, names::make_cancelled_error);
  if (made || !PyErr_ExceptionMatches(PyExc_AttributeError)) return made;
  PyErr_Clear();  // another loop's future
  return call(reinterpret_cast<PyObject*>(asyncio.cancelled_error));
}

// A child's contribution to the results: its value, its exception, or a CancelledError with its message.
ref outcome_of(const native_asyncio& asyncio, PyObject* child) {
  ref exception = call_future(asyncio, asyncio.exception, child);
  if (exception && exception.get() == Py_None) return call_future(asyncio, asyncio.result, child);
  if (exception || !PyErr_ExceptionMatches(reinterpret_cast<PyObject*>(asyncio.cancelled_error))) return exception;
  const ref raised = take_exception();
  const ref message(PyObject_GetAttr(child, names::cancel_message));
  if (!message) {  // another loop's future
    PyErr_Clear();
    return ref::borrow(raised.get());
  }
  const ref empty(PyUnicode_FromString(""));
  if (!empty) return ref();
  return call(reinterpret_cast<PyObject*>(asyncio.cancelled_error),
              message.get() == Py_None ? empty.get() : message.get());
}

bool complete(gathering* self, const native_asyncio& asyncio, PyObject* last) {
  const Py_ssize_t count = PyList_GET_SIZE(self->children);
  const ref results(PyList_New(count));
  if (!results) return false;
  for (Py_ssize_t i = 0; i < count; ++i) {
    ref outcome = outcome_of(asyncio, PyList_GET_ITEM(self->children, i));
    if (!outcome) return false;
    PyList_SET_ITEM(results.get(), i, outcome.release());
  }
  const ref requested(PyObject_GetAttr(self->outer, names::cancel_requested));
  const int cancelled = requested ? PyObject_IsTrue(requested.get()) : -1;
  if (cancelled < 0) return false;
  if (cancelled) {  // a caller that cancels a gather gets a cancellation, even if failures are consumed
    const ref exception = cancelled_error_of(asyncio, last);
    return exception && fail_outer(self, exception.get());
  }
  return static_cast<bool>(call_method(self->outer, names::set_result, results.get()));
}

bool child_done(gathering* self, PyObject* child) {
  const native_asyncio* asyncio = get_asyncio();
  if (!asyncio) return false;
  if (!self->children) return true;  // the garbage collector has emptied it
  ++self->finished;

  const ref outer_done = self->outer ? call(asyncio->done.own, self->outer) : ref::borrow(Py_True);
  const int over = outer_done ? PyObject_IsTrue(outer_done.get()) : -1;
  if (over < 0) return false;
  if (over || !self->consume) {
    const int cancelled = truth_of(*asyncio, asyncio->cancelled, child);
    if (cancelled < 0) return false;
    if (cancelled && over) return true;
    if (cancelled) {
      const ref exception = cancelled_error_of(*asyncio, child);
      return exception && fail_outer(self, exception.get());
    }
    const ref exception = call_future(*asyncio, asyncio->exception, child);  // also tells asyncio that it was retrieved
    if (!exception) return false;
    if (over) return true;
    if (exception.get() != Py_None) return fail_outer(self, exception.get());
  }
  return self->finished < self->expected || complete(self, *asyncio, child);
}

PyObject* on_child(PyObject* object, PyObject* const* args, std::size_t flags, PyObject*) {
  if (PyVectorcall_NARGS(flags) != 1) {
    PyErr_SetString(PyExc_TypeError, "a done callback takes the future");
    return nullptr;
  }
  if (!child_done(reinterpret_cast<gathering*>(object), args[0])) return nullptr;
  Py_RETURN_NONE;
}

using garbage = collected<gathering, &gathering::children, &gathering::outer>;

// The future for one argument; `loop` is null until the first future has determined it.
ref child_of(const native_asyncio& asyncio, PyObject* arg, PyObject* loop, PyObject* fallback) {
  const bool is_future = is_asyncio_future(asyncio, arg);
  if (is_future && !loop) return ref::borrow(arg);
  if (is_future) {
    const ref its = call_future(asyncio, asyncio.get_loop, arg);
    if (!its) return ref();
    if (its.get() == loop) return ref::borrow(arg);
  }
  PyObject* stack[] = {arg, loop ? loop : fallback};
  const ref keywords(PyTuple_Pack(1, names::loop));
  if (!keywords) return ref();
  ref made(PyObject_Vectorcall(asyncio.ensure_future, stack, 1, keywords.get()));
  // Nobody else can see this task, so it is not the caller's mistake if it is left pending.
  if (made && made.get() != arg && PyObject_SetAttr(made.get(), names::log_destroy_pending, Py_False) < 0) return ref();
  return made;
}

// `child.add_done_callback(callback)`, in an existing context if the child is of asyncio's own type.
bool listen(const native_asyncio& asyncio, PyObject* child, PyObject* callback, PyObject* context) {
  if (!Py_IS_TYPE(child, asyncio.future))
    return static_cast<bool>(call_method(child, names::add_done_callback, callback));
  static PyObject* keywords = nullptr;
  if (!keywords) keywords = PyTuple_Pack(1, names::context);
  PyObject* stack[] = {child, callback, context};
  return keywords && ref(PyObject_Vectorcall(asyncio.add_done_callback.own, stack, 2, keywords));
}

ref empty_result(PyObject* loop) {
  ref made = call_method(loop, names::create_future);
  const ref nothing(PyList_New(0));
  if (!made || !nothing || !call_method(made.get(), names::set_result, nothing.get())) return ref();
  return made;
}

}  // namespace

ref asyncio_gather(PyObject* futures, bool consume, PyObject* loop) {
  const native_asyncio* asyncio = get_asyncio();
  if (!asyncio) return ref();
  const ref given(PySequence_List(futures));
  if (!given) return ref();
  const Py_ssize_t count = PyList_GET_SIZE(given.get());
  if (count == 0) return empty_result(loop);

  const ref owner(reinterpret_cast<PyObject*>(allocate<gathering>(gathering_type)));
  if (!owner) return ref();
  auto* self = reinterpret_cast<gathering*>(owner.get());
  self->vectorcall = &on_child;
  self->consume = consume;
  self->children = PyList_New(0);
  const ref known(PyDict_New());
  const ref done_already(PyList_New(0));
  if (!self->children || !known || !done_already) return ref();

  const ref context(PyContext_CopyCurrent());  // one for all: the counting function uses no context variables
  if (!context) return ref();
  ref common;
  for (Py_ssize_t i = 0; i < count; ++i) {
    PyObject* arg = PyList_GET_ITEM(given.get(), i);
    PyObject* before = PyDict_GetItemWithError(known.get(), arg);
    if (!before && PyErr_Occurred()) return ref();
    if (before) {
      if (PyList_Append(self->children, before) < 0) return ref();
      continue;
    }
    const ref child = child_of(*asyncio, arg, common.get(), loop);
    if (!child) return ref();
    if (!common && !(common = call_future(*asyncio, asyncio->get_loop, child.get()))) return ref();
    ++self->expected;
    if (PyDict_SetItem(known.get(), arg, child.get()) < 0) return ref();
    if (PyList_Append(self->children, child.get()) < 0) return ref();
#if PY_VERSION_HEX >= 0x030C0000
    const int done = truth_of(*asyncio, asyncio->done, child.get());
    if (done < 0) return ref();
    if (done) {
      if (PyList_Append(done_already.get(), child.get()) < 0) return ref();
      continue;
    }
#endif
    if (!listen(*asyncio, child.get(), owner.get(), context.get())) return ref();
  }

  PyObject* stack[] = {self->children, common.get()};
  const ref keywords(PyTuple_Pack(1, names::loop));
  if (!keywords) return ref();
  self->outer = PyObject_Vectorcall(reinterpret_cast<PyObject*>(asyncio->gathering_future), stack, 1, keywords.get());
  if (!self->outer) return ref();
  ref outer = ref::borrow(self->outer);
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(done_already.get()); ++i)
    if (!child_done(self, PyList_GET_ITEM(done_already.get(), i))) return ref();
  return outer;
}

bool make_asyncio_gather_type(PyObject* module) {
  return (gathering_type = make_inner_class<gathering, garbage>(module, "interloop._core._Gathering")) != nullptr;
}

}  // namespace interloop::python
