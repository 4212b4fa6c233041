// SPDX-License-Identifier: MIT
#include "native_twisted.hpp"

#include "waiting_threads.hpp"

namespace interloop::python {

const native_twisted* get_twisted() {
  static native_twisted found;
  if (found.is_coroutine_function) return &found;

  bool complete = true;
  const auto take = [&complete](const char* module, const char* name) -> PyObject* {
    if (!complete) return nullptr;
    PyObject* value = import_from(module, name).release();
    complete = value != nullptr;
    return value;
  };
  native_twisted made;
  made.deferred = reinterpret_cast<PyTypeObject*>(take("twisted.internet.defer", "Deferred"));
  made.failure = reinterpret_cast<PyTypeObject*>(take("twisted.python.failure", "Failure"));
  made.ensure_deferred = take("twisted.internet.defer", "ensureDeferred");
  made.reactor_time = take("twisted.internet.interfaces", "IReactorTime");
  made.is_coroutine_function = take("inspect", "iscoroutinefunction");
  if (!complete) return nullptr;
  found = made;
  return &found;
}

int in_io_thread() {
  static PyObject* module = nullptr;
  if (!module) {
    module = loaded_module("twisted.python.threadable");
    if (!module || !PyModule_Check(module)) return (module = nullptr), 0;
    Py_INCREF(module);
  }
  PyObject* dict = PyModule_GetDict(module);
  PyObject* function = PyDict_GetItemWithError(dict, names::isInIOThread);
  if (!function) return PyErr_Occurred() ? -1 : 0;
  PyObject* thread = PyDict_GetItemWithError(dict, names::ioThread);
  if (!threads_are_patched() && thread && PyLong_Check(thread) && PyFunction_Check(function) &&
      PyFunction_GET_GLOBALS(function) == dict) {
    // Twisted's own function, if nobody has replaced it: it compares these, through an object per thread.
    const unsigned long reactors = PyLong_AsUnsignedLong(thread);
    if (reactors == static_cast<unsigned long>(-1) && PyErr_Occurred()) return -1;
    return reactors == PyThread_get_thread_ident();
  }
  const ref answer = call(function);
  return answer ? PyObject_IsTrue(answer.get()) : -1;
}

}  // namespace interloop::python
