// SPDX-License-Identifier: MIT
#include "own_futures.hpp"

#include "gil.hpp"
#include "loop_queue.hpp"
#include "type.hpp"

#include <array>

namespace interloop::python {
namespace {

struct canceller {
  PyObject_HEAD
  PyObject* weak;  // one of the two
  PyObject* kept;
};

PyObject* cancel(canceller* self) {
  const ref target = self->weak ? strong(self->weak) : ref::borrow(self->kept);
  if (target) return call_method(target.get(), names::cancel).release();
  Py_RETURN_NONE;
}

std::array<PyMethodDef, 2> methods{{
    INTERLOOP_PYTHON_PLAIN(canceller, "cancel", cancel, "Cancels what is followed."),
    {nullptr, nullptr, 0, nullptr},
}};

// Takes away the notice of C++, if it is the first callback.
bool drop_notice(const native_asyncio& asyncio, PyObject* future) {
  const ref all(PyObject_GetAttr(future, names::callbacks_));
  if (!all || !PyList_CheckExact(all.get()) || PyList_GET_SIZE(all.get()) == 0) return PyErr_Clear(), true;
  PyObject* first = PyList_GET_ITEM(all.get(), 0);
  PyObject* notice = PyTuple_CheckExact(first) && PyTuple_GET_SIZE(first) > 0 ? PyTuple_GET_ITEM(first, 0) : nullptr;
  return !notice || !is_cpp_function(notice) || asyncio.remove_done_callback.call_own(future, notice);
}

}  // namespace

PyObject* make_own_future(PyObject* native, PyObject* notice) {
  const native_asyncio* asyncio = get_asyncio();
  if (!asyncio || !PyObject_TypeCheck(native, asyncio->event_loop)) return nullptr;
  ref future = new_asyncio_future(*asyncio, native);
  if (!future || !Py_IS_TYPE(future.get(), asyncio->future)) return nullptr;
  return asyncio->add_done_callback.call_own(future.get(), notice) ? future.release() : nullptr;
}

int resolve_own_future(PyObject* future, PyObject* value) {
  const native_asyncio* asyncio = get_asyncio();
  if (!asyncio) return -1;
  if (!Py_IS_TYPE(future, asyncio->future)) return 0;
  const ref done = asyncio->done.call_own(future);
  if (!done) return -1;
  if (done.get() == Py_True) return 1;
  if (!drop_notice(*asyncio, future)) return -1;
  const int queued = complete_and_queue(*asyncio, asyncio->set_result, future, value);
  if (queued != 0) return queued;
  return asyncio->set_result.call_own(future, value) ? 1 : -1;
}

int is_own_future_of(PyObject* native, PyObject* future) {
  const native_asyncio* asyncio = get_asyncio();
  if (!asyncio) return -1;
  if (!Py_IS_TYPE(future, asyncio->future)) return 0;
  const ref its = asyncio->get_loop.call_own(future);
  if (!its) PyErr_Clear();
  return its.get() == native;
}

int follow_own_future(PyObject* future, PyObject* done) {
  const native_asyncio* asyncio = get_asyncio();
  return asyncio && asyncio->add_done_callback.call_own(future, done) ? 1 : -1;
}

int outcome_of_own_future(PyObject* future, PyObject** outcome) {
  const native_asyncio* asyncio = get_asyncio();
  if (!asyncio) return -1;
  ref error = call_future(*asyncio, asyncio->exception, future);
  if (!error) {
    if (!PyErr_ExceptionMatches(reinterpret_cast<PyObject*>(asyncio->cancelled_error))) return -1;
    PyErr_Clear();
    error = ref::borrow(Py_None);
  } else if (error.get() == Py_None) {
    *outcome = call_future(*asyncio, asyncio->result, future).release();
    return *outcome ? 1 : -1;
  }
  *outcome = error.release();
  return 0;
}

bool own_future_cancelled(PyObject* future) {
  const native_asyncio* asyncio = get_asyncio();
  const ref answer = asyncio ? call_future(*asyncio, asyncio->cancelled, future) : ref();
  return answer.get() == Py_True;
}

PyObject* make_canceller(PyObject* awaitable) {
  static PyTypeObject* type = nullptr;
  if (!type)
    type = make_class<canceller, collected<canceller, &canceller::weak, &canceller::kept>>(
        nullptr, "interloop.canceller", {{Py_tp_methods, methods.data()}}, {}, Py_TPFLAGS_DISALLOW_INSTANTIATION);
  auto* self = type ? allocate<canceller>(type) : nullptr;
  if (!self) return nullptr;
  self->weak = PyWeakref_NewRef(awaitable, nullptr);
  if (!self->weak) {
    PyErr_Clear();
    self->kept = Py_NewRef(awaitable);
  }
  return reinterpret_cast<PyObject*>(self);
}

int call_soon(PyObject* loop, PyObject* callback, PyObject* weak_context) {
  static PyObject* keywords = nullptr;
  const ref context = strong(weak_context);
  if (!context) return 0;
  const int queued = queue_call(loop, callback, Py_None, context.get());
  if (queued != 0) return queued;
  if (!keywords) keywords = PyTuple_Pack(1, names::context);
  PyObject* stack[] = {loop, callback, context.get()};
  return keywords && ref(PyObject_VectorcallMethod(names::call_soon, stack, 2, keywords)) ? 1 : -1;
}

}  // namespace interloop::python
