// SPDX-License-Identifier: MIT
#include "native_asyncio.hpp"

namespace interloop::python {

const native_asyncio* get_asyncio() {
  static native_asyncio found;
  if (found.async_generator) return &found;

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
    return future_method{name, own};
  };
  made.add_done_callback = take_method(names::add_done_callback).own;
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

// Whether a type's create_future does nothing but `Future(loop=self)`. -1: an exception is set.
int makes_plain_futures(const native_asyncio& asyncio, PyTypeObject* type) {
  const ref function(PyObject_GetAttr(reinterpret_cast<PyObject*>(type), names::create_future));
  if (!function) {
    PyErr_Clear();
    return 0;
  }
  if (function.get() == asyncio.create_future) return 1;
  static PyObject* uvloop_type = nullptr;
  if (!uvloop_type) {
    PyObject* module = loaded_module("uvloop.loop");
    if (!module) return 0;
    uvloop_type = PyObject_GetAttrString(module, "Loop");
    if (!uvloop_type) return -1;
  }
  const ref uvloop_function(PyObject_GetAttr(uvloop_type, names::create_future));
  return uvloop_function ? function.get() == uvloop_function.get() : -1;
}

// `type(loop=loop)`, with arguments that are there already: they cost more than the rest.
ref call_type_with_loop(PyTypeObject* type, PyObject* loop) {
  static PyObject* const none = PyTuple_New(0);
  static PyObject* const keywords = PyDict_New();
  if (!none || !keywords || PyDict_SetItem(keywords, names::loop, loop) < 0) return ref();
  ref made(type->tp_new(type, none, keywords));
  if (made && type->tp_init(made.get(), none, keywords) < 0) made = ref();
  PyDict_SetItem(keywords, names::loop, Py_None);  // not to keep the loop
  return made;
}

}  // namespace

ref new_asyncio_future(const native_asyncio& asyncio, PyObject* loop) {
  // The answer for the type that was seen last; Python gives a type a new version when something in it changes.
  static PyTypeObject* known = nullptr;
  static unsigned known_version = 0;
  static bool plain = false;
  PyTypeObject* type = Py_TYPE(loop);
  if (type != known || type->tp_version_tag != known_version || known_version == 0) {
    const int answer = makes_plain_futures(asyncio, type);
    if (answer < 0) return ref();
    plain = answer != 0;
    known = type;
    known_version = type->tp_version_tag;
  }
  PyObject** own = plain ? _PyObject_GetDictPtr(loop) : nullptr;
  if (!plain || (own && *own && PyDict_Contains(*own, names::create_future) != 0))
    return call_method(loop, names::create_future);
  return call_type_with_loop(asyncio.future, loop);
}

bool is_asyncio_future(const native_asyncio& asyncio, PyObject* object) {
  return PyObject_TypeCheck(object, asyncio.future);
}

int is_coroutine(const native_asyncio& asyncio, PyObject* object) {
  if (PyCoro_CheckExact(object)) return 1;
  // Types that asyncio knows as no coroutines, and most results are of.
  if (object == Py_None || PyLong_CheckExact(object) || PyUnicode_CheckExact(object) || PyBool_Check(object) ||
      PyBytes_CheckExact(object) || PyFloat_CheckExact(object) || PyTuple_CheckExact(object) ||
      PyList_CheckExact(object) || PyDict_CheckExact(object))
    return 0;
  const ref answer = call(asyncio.iscoroutine, object);
  return answer ? PyObject_IsTrue(answer.get()) : -1;
}

}  // namespace interloop::python
