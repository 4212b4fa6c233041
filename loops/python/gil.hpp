// SPDX-License-Identifier: MIT
// The GIL, and references that are dropped under it, for code that other threads may enter.
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <unistd.h>

#include <string_view>
#include <utility>

namespace interloop::python {

/// Returns what `f` returns. `f` calls Python: everything that may take the GIL anew goes through here, and so do all
/// calls, imports and dropped references. From 3.11 to 3.13, CPython unwinds the stack of a thread that asks for the
/// GIL while the interpreter ends: C++ destructors would drop references without the GIL, and noexcept functions would
/// end the process. So such a thread sleeps here until the process ends, which is what CPython itself does from 3.14
/// on.
/// A destructor notices the unwinding, because a catch handler would be nested in a user's handler. This is a function
/// of its own because inside a noexcept function a compiler may leave out what is done during unwinding.
template <class F>
[[gnu::noinline]] auto in_python(F f) {
  struct here {
    bool left = false;
    ~here() {
      while (!left) ::pause();
    }
  } thread;
  auto result = f();
  thread.left = true;
  return result;
}

/// Holds the GIL, whether the thread had it or not.
class gil {
 public:
  gil() noexcept : state_(in_python(&PyGILState_Ensure)) {}
  gil(const gil&) = delete;
  gil& operator=(const gil&) = delete;
  ~gil() { PyGILState_Release(state_); }

 private:
  PyGILState_STATE state_;
};

/// Whether the calling thread holds the GIL. (`PyGILState_Check` always says so once there are subinterpreters.)
inline bool holds_gil() noexcept {
#if PY_VERSION_HEX >= 0x030D0000
  PyThreadState* holder = PyThreadState_GetUnchecked();
#else
  PyThreadState* holder = _PyThreadState_UncheckedGet();
#endif
  return holder && holder == PyGILState_GetThisThreadState();
}

/// A reference. It is dropped under the GIL, or leaked if the interpreter has gone.
class object {
 public:
  object() noexcept = default;
  explicit object(PyObject* stolen) noexcept : held_(stolen) {}
  static object borrow(PyObject* shared) noexcept { return object(Py_XNewRef(shared)); }
  object(object&& other) noexcept : held_(std::exchange(other.held_, nullptr)) {}
  object& operator=(object&& other) noexcept {
    std::swap(held_, other.held_);
    return *this;
  }
  ~object() {
    if (!held_ || !Py_IsInitialized()) return;
    const gil locked;
    in_python([this] { return Py_DECREF(held_), nullptr; });
  }
  [[nodiscard]] PyObject* get() const noexcept { return held_; }
  [[nodiscard]] PyObject* release() noexcept { return std::exchange(held_, nullptr); }
  explicit operator bool() const noexcept { return held_ != nullptr; }

 private:
  PyObject* held_ = nullptr;
};

/// A new reference that `f` returns, as `in_python`. None: an exception is set.
template <class F>
object from_python(F f) {
  return object(in_python(std::move(f)));
}

/// A string, made once and kept. Under the GIL; never static itself, as import_once.
inline PyObject* interned(PyObject*& kept, const char* text) {
  if (!kept) kept = PyUnicode_InternFromString(text);
  return kept;
}

/// `module.name`, looked up once and kept in `kept`, borrowed. `kept` is a static that the call does not initialise:
/// importing may let other threads run, which would wait for the static while they hold the GIL. Null: an exception is
/// set.
inline PyObject* import_once(PyObject*& kept, const char* module, const char* name) {
  if (kept) return kept;
  PyObject* found = in_python([&] {
    PyObject* imported = PyImport_ImportModule(module);
    PyObject* value = imported ? PyObject_GetAttrString(imported, name) : nullptr;
    Py_XDECREF(imported);
    return value;
  });
  if (!kept) {
    kept = found;
  } else {
    Py_XDECREF(found);
  }
  return kept;
}

/// Whether `make_function` has made it.
bool is_cpp_function(PyObject* object) noexcept;

/// The asyncio loop that runs in this thread, or None. Null: an exception is set.
inline object running_asyncio_loop() {
  static PyObject* get = nullptr;
  if (!import_once(get, "asyncio", "_get_running_loop")) return object();
  return from_python([] { return PyObject_CallNoArgs(get); });
}

/// The module that has the adapter's Python half.
inline object loops_module() {
  return from_python([] { return PyImport_ImportModule("interloop._loops"); });
}

/// `callable(args...)`.
template <class... Args>
object call(const object& callable, Args*... args) {
  return from_python([&] { return PyObject_CallFunctionObjArgs(callable.get(), args..., nullptr); });
}

/// `self.name(...)`, as `PyObject_CallMethod` takes it.
template <class... Args>
object call_method(const object& self, const char* name, const char* format, Args... args) {
  return from_python([&] { return PyObject_CallMethod(self.get(), name, format, args...); });
}

/// `self.name`.
inline object attribute(const object& self, const char* name) {
  return from_python([&] { return PyObject_GetAttrString(self.get(), name); });
}

/// Shows the exception that is set to sys.unraisablehook.
inline void write_unraisable(PyObject* where) {
  in_python([where] { return PyErr_WriteUnraisable(where), nullptr; });
}

/// A str made from C++ text, which may contain any bytes: invalid UTF-8 becomes backslash escapes. None: an exception
/// is set.
inline object text_of(std::string_view text) {
  return object(PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "backslashreplace"));
}

}  // namespace interloop::python
