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
