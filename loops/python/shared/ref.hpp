// SPDX-License-Identifier: MIT
// Owning references to Python objects, and calls that build no tuples. All of it needs the GIL.
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <cstddef>
#include <utility>

namespace interloop::python {

/// One counted reference, or none. Steals: `ref(PyObject_Str(x))`; null then means that a Python exception is set.
class ref {
 public:
  ref() noexcept = default;
  explicit ref(PyObject* stolen) noexcept : object_(stolen) {}
  static ref borrow(PyObject* object) noexcept { return ref(Py_XNewRef(object)); }
  ref(ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  ref& operator=(ref&& other) noexcept {
    PyObject* old = std::exchange(object_, std::exchange(other.object_, nullptr));
    Py_XDECREF(old);
    return *this;
  }
  ~ref() { Py_XDECREF(object_); }

  [[nodiscard]] PyObject* get() const noexcept { return object_; }
  [[nodiscard]] PyObject* release() noexcept { return std::exchange(object_, nullptr); }
  explicit operator bool() const noexcept { return object_ != nullptr; }

 private:
  PyObject* object_ = nullptr;
};

/// `callable(args...)`.
template <class... Args>
ref call(PyObject* callable, Args*... args) {
  PyObject* stack[] = {nullptr, args...};
  return ref(PyObject_Vectorcall(callable, stack + 1, sizeof...(Args) | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr));
}

/// `self.name(args...)`.
template <class... Args>
ref call_method(PyObject* self, PyObject* name, Args*... args) {
  PyObject* stack[] = {nullptr, self, args...};
  return ref(
      PyObject_VectorcallMethod(name, stack + 1, (1 + sizeof...(Args)) | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr));
}

/// The arguments that a compiled function was called with.
struct arguments {
  PyObject* const* values;
  Py_ssize_t positional;
  PyObject* names;  // of the values after the positional ones; may be null
  [[nodiscard]] Py_ssize_t named() const noexcept { return names ? PyTuple_GET_SIZE(names) : 0; }
  [[nodiscard]] Py_ssize_t total() const noexcept { return positional + named(); }
};

/// `callable(*rest)`.
ref call_with(PyObject* callable, const arguments& rest);
/// `callable(first, *rest)`.
ref call_with(PyObject* callable, PyObject* first, const arguments& rest);
/// `self.name(*leading, *rest)`.
ref call_method_with(PyObject* self, PyObject* name, PyObject* const* leading, Py_ssize_t count, const arguments& rest);

/// Takes the exception that is set, with its traceback; none is set afterwards.
ref take_exception() noexcept;
/// Sets an exception that `take_exception` returned.
void put_exception(ref exception) noexcept;
/// The exception that an `except` block around the caller handles, or none.
inline ref handled_exception() noexcept { return ref(PyErr_GetHandledException()); }

/// The object that a weak reference refers to; none if that is gone.
ref strong(PyObject* weak) noexcept;

/// While it exists, `exception` is the exception that an `except` block handles: `sys.exc_info()`, a bare `raise`,
/// `__context__`.
class handling {
 public:
  explicit handling(PyObject* exception) noexcept : before_(PyErr_GetHandledException()) {
    PyErr_SetHandledException(exception);
  }
  handling(const handling&) = delete;
  handling& operator=(const handling&) = delete;
  ~handling() { PyErr_SetHandledException(before_.get()); }

 private:
  ref before_;
};

/// A module that was imported before, borrowed. Null, without an exception, if it was not.
PyObject* loaded_module(const char* name);
/// `module.name` if the module was imported before and has it; otherwise none, without an exception.
ref from_loaded(const char* module, const char* name);
/// `module.name`; sets an exception and returns none if there is no such thing. Importing may let other threads run,
/// and so may making a list, a dict, a tuple or any other object, because that may start a garbage collection. So never
/// initialise a static with it: other threads would wait for the static while they hold the GIL, and this one would
/// wait for the GIL.
ref import_from(const char* module, const char* name);

}  // namespace interloop::python
