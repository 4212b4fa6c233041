// SPDX-License-Identifier: MIT
#include "native_asyncio.hpp"

#include "unchanged.hpp"

#include <utility>

namespace interloop::python {

const native_asyncio* get_asyncio() {
  static native_asyncio found;
  if (found.async_generator) return &found;

  if (!make_names()) return nullptr;
  ref module(PyImport_ImportModule("asyncio"));
  if (!module) return nullptr;
  bool complete = true;
  const auto take = [&](const char* name) {
    PyObject* value = PyObject_GetAttrString(module.get(), name);
    if (!value) complete = false;
    return value;
  };
  native_asyncio made;
  made.future = reinterpret_cast<PyTypeObject*>(take("Future"));
  made.cancelled_error = complete ? reinterpret_cast<PyTypeObject*>(take("CancelledError")) : nullptr;
  made.event_loop = complete ? reinterpret_cast<PyTypeObject*>(take("AbstractEventLoop")) : nullptr;
  if (complete) made.get_event_loop = take("get_event_loop");
  if (complete) made.iscoroutine = take("iscoroutine");
  if (complete) made.isfuture = take("isfuture");
  if (complete) made.ensure_future = take("ensure_future");
  if (complete) made.sleep = take("sleep");
  const ref base(complete ? take("BaseEventLoop") : nullptr);
  made.create_future = base ? PyObject_GetAttr(base.get(), names::create_future) : nullptr;
  complete = complete && made.create_future;
  const auto take_method = [&](PyObject* name) {
    PyObject* own = complete ? PyObject_GetAttr(reinterpret_cast<PyObject*>(made.future), name) : nullptr;
    if (!own) complete = false;
    future_method method{name, own};
    if (!own || !Py_IS_TYPE(own, &PyMethodDescr_Type)) return method;
    const PyMethodDef& definition = *reinterpret_cast<PyMethodDescrObject*>(own)->d_method;
    method.takes_one = definition.ml_flags == METH_O;
    if (method.takes_one || definition.ml_flags == METH_NOARGS) method.direct = definition.ml_meth;
    return method;
  };
  made.add_done_callback = take_method(names::add_done_callback);
  made.remove_done_callback = take_method(names::remove_done_callback);
  made.cancelled = take_method(names::cancelled);
  made.done = take_method(names::done);
  made.exception = take_method(names::exception);
  made.get_loop = take_method(names::get_loop);
  made.result = take_method(names::result);
  made.set_result = take_method(names::set_result);
  if (!complete) return nullptr;
  ref gathering = import_from("asyncio.tasks", "_GatheringFuture");
  if (!gathering) return nullptr;
  made.gathering_future = reinterpret_cast<PyTypeObject*>(gathering.release());
  made.module = module.release();
  made.async_generator = &PyAsyncGen_Type;
  found = made;
  return &found;
}

ref current_event_loop(const native_asyncio& asyncio) {
  ref loop = call(asyncio.get_event_loop);
  if (loop || !PyErr_ExceptionMatches(PyExc_RuntimeError)) return loop;
  PyErr_Clear();
  const ref make(PyObject_GetAttrString(asyncio.module, "new_event_loop"));
  const ref set(PyObject_GetAttrString(asyncio.module, "set_event_loop"));
  if (!make || !set) return ref();
  loop = call(make.get());
  if (!loop || !call(set.get(), loop.get())) return ref();
  return loop;
}

namespace {

// uvloop's `Loop.create_future`; null if uvloop is not loaded.
PyObject* uvloop_create_future() {
  static PyObject* found = nullptr;
  PyObject* module = found ? nullptr : loaded_module("uvloop.loop");
  if (!module) return found;
  const ref type(PyObject_GetAttrString(module, "Loop"));
  found = type ? PyObject_GetAttr(type.get(), names::create_future) : nullptr;
  if (!found) PyErr_Clear();
  return found;
}

// Whether a loop's `create_future` does nothing except `Future(loop=loop)`.
bool makes_plain_futures(const native_asyncio& asyncio, PyObject* loop) {
  static unchanged checked;
  static PyObject* function = nullptr;  // of the class
  const bool plain = checked(Py_TYPE(loop), [&] {
    const ref found(PyObject_GetAttr(reinterpret_cast<PyObject*>(Py_TYPE(loop)), names::create_future));
    if (!found) PyErr_Clear();
    const bool known = found && (found.get() == asyncio.create_future || found.get() == uvloop_create_future());
    function = known ? found.get() : nullptr;  // which `asyncio` or uvloop keeps
    return known;
  });
  return plain && is_own_method(loop, names::create_future, function);
}

// `type(loop=loop)`, with existing argument objects, which would cost more than the rest. The call may start a garbage
// collection, which may run any code, in which other threads, or this thread again, come here: so the dict is taken
// away meanwhile.
ref call_type_with_loop(PyTypeObject* type, PyObject* loop) {
  static PyObject* spare = nullptr;
  ref keywords(std::exchange(spare, nullptr));
  if (!keywords) keywords = ref(PyDict_New());
  const ref none(PyTuple_New(0));
  if (!none || !keywords || PyDict_SetItem(keywords.get(), names::loop, loop) < 0) return ref();
  ref made(type->tp_new(type, none.get(), keywords.get()));
  if (made && type->tp_init(made.get(), none.get(), keywords.get()) < 0) made = ref();
  if (!made || spare) return made;
  if (PyDict_SetItem(keywords.get(), names::loop, Py_None) < 0) return ref();  // must not keep the loop
  spare = keywords.release();
  return made;
}

// Whether it has one of the types that most results have, and that are neither futures nor coroutines.
bool is_plain(PyObject* object) {
  return object == Py_None || PyLong_CheckExact(object) || PyUnicode_CheckExact(object) || PyBool_Check(object) ||
         PyBytes_CheckExact(object) || PyFloat_CheckExact(object) || PyTuple_CheckExact(object) ||
         PyList_CheckExact(object) || PyDict_CheckExact(object);
}

}  // namespace

ref new_asyncio_future(const native_asyncio& asyncio, PyObject* loop) {
  if (makes_plain_futures(asyncio, loop)) return call_type_with_loop(asyncio.future, loop);
  return call_method(loop, names::create_future);
}

bool is_asyncio_future(const native_asyncio& asyncio, PyObject* object) {
  if (PyObject_TypeCheck(object, asyncio.future)) return true;
  if (PyCoro_CheckExact(object) || is_plain(object)) return false;
  const ref answer = call(asyncio.isfuture, object);
  if (!answer) PyErr_Clear();  // an object that cannot be asked for its class is not a future
  return answer && PyObject_IsTrue(answer.get()) == 1;
}

int is_coroutine(const native_asyncio& asyncio, PyObject* object) {
  if (PyCoro_CheckExact(object)) return 1;
  if (is_plain(object)) return 0;
  const ref answer = call(asyncio.iscoroutine, object);
  return answer ? PyObject_IsTrue(answer.get()) : -1;
}

}  // namespace interloop::python
