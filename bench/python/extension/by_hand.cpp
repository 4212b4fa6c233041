// SPDX-License-Identifier: MIT
// The same operations as an extension has them without a library: an asyncio future, and
// `loop.call_soon_threadsafe(future.set_result, value)`.
#define PY_SSIZE_T_CLEAN
#include "worker.hpp"

#include <Python.h>

namespace {

PyObject *get_running_loop = nullptr, *ensure_future = nullptr;
PyObject *create_future = nullptr, *set_result = nullptr, *call_soon_threadsafe = nullptr, *result = nullptr,
         *add_done_callback = nullptr;

PyObject* new_future(PyObject** loop) {
  *loop = PyObject_CallNoArgs(get_running_loop);
  return *loop ? PyObject_CallMethodNoArgs(*loop, create_future) : nullptr;
}

// Takes the value.
bool complete(PyObject* loop, PyObject* future, PyObject* value) {
  PyObject* set = value ? PyObject_GetAttr(future, set_result) : nullptr;
  PyObject* handle = set ? PyObject_CallMethodObjArgs(loop, call_soon_threadsafe, set, value, nullptr) : nullptr;
  Py_XDECREF(set);
  Py_XDECREF(value);
  Py_XDECREF(handle);
  return handle != nullptr;
}

PyObject* from_loop(PyObject*, PyObject* value) {
  PyObject* loop = nullptr;
  PyObject* future = new_future(&loop);
  if (future && !complete(loop, future, Py_NewRef(value))) Py_CLEAR(future);
  Py_XDECREF(loop);
  return future;
}

PyObject* from_thread(PyObject*, PyObject* given) {
  const long value = PyLong_AsLong(given);
  PyObject* loop = nullptr;
  PyObject* future = PyErr_Occurred() ? nullptr : new_future(&loop);
  if (!future) return nullptr;
  the_worker().post([loop, future = Py_NewRef(future), value] {
    const PyGILState_STATE state = PyGILState_Ensure();
    if (!complete(loop, future, PyLong_FromLong(value))) PyErr_WriteUnraisable(future);
    Py_DECREF(future);
    Py_DECREF(loop);
    PyGILState_Release(state);
  });
  return future;
}

PyObject* wake_worker(PyObject*, PyObject*) {
  the_worker().wake();
  Py_RETURN_NONE;
}

// `pair` is (loop, outer).
PyObject* inner_done(PyObject* pair, PyObject* inner) {
  PyObject* found = PyObject_CallMethodNoArgs(inner, result);
  const long value = found ? PyLong_AsLong(found) : -1;
  Py_XDECREF(found);
  if (PyErr_Occurred()) return nullptr;
  if (!complete(PyTuple_GET_ITEM(pair, 0), PyTuple_GET_ITEM(pair, 1), PyLong_FromLong(value + 1))) return nullptr;
  Py_RETURN_NONE;
}
PyMethodDef inner_done_method{"inner_done", &inner_done, METH_O, nullptr};

PyObject* plus_one(PyObject*, PyObject* awaitable) {
  PyObject* loop = nullptr;
  PyObject* outer = new_future(&loop);
  PyObject* pair = outer ? PyTuple_Pack(2, loop, outer) : nullptr;
  PyObject* done = pair ? PyCFunction_New(&inner_done_method, pair) : nullptr;
  PyObject* inner = done ? PyObject_CallOneArg(ensure_future, awaitable) : nullptr;
  PyObject* added = inner ? PyObject_CallMethodOneArg(inner, add_done_callback, done) : nullptr;
  if (!added) Py_CLEAR(outer);
  for (PyObject* each : {loop, pair, done, inner, added}) Py_XDECREF(each);
  return outer;
}

PyMethodDef methods[] = {{"from_loop", &from_loop, METH_O, nullptr},
                         {"from_thread", &from_thread, METH_O, nullptr},
                         {"wake_worker", &wake_worker, METH_NOARGS, nullptr},
                         {"plus_one", &plus_one, METH_O, nullptr},
                         {nullptr, nullptr, 0, nullptr}};
PyModuleDef definition{PyModuleDef_HEAD_INIT, "by_hand", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};

}  // namespace

PyMODINIT_FUNC PyInit_by_hand() {
  PyObject* asyncio = PyImport_ImportModule("asyncio");
  if (!asyncio) return nullptr;
  get_running_loop = PyObject_GetAttrString(asyncio, "get_running_loop");
  ensure_future = PyObject_GetAttrString(asyncio, "ensure_future");
  create_future = PyUnicode_InternFromString("create_future");
  set_result = PyUnicode_InternFromString("set_result");
  call_soon_threadsafe = PyUnicode_InternFromString("call_soon_threadsafe");
  result = PyUnicode_InternFromString("result");
  add_done_callback = PyUnicode_InternFromString("add_done_callback");
  return PyErr_Occurred() ? nullptr : PyModule_Create(&definition);
}
