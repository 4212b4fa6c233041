// SPDX-License-Identifier: MIT
// The GIL, and references that are dropped under it, for code that other threads may enter.
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <string_view>
#include <utility>

namespace interloop::python {

/// Holds the GIL, whether the thread had it or not.
class gil {
 public:
  gil() noexcept : state_(PyGILState_Ensure()) {}
  gil(const gil&) = delete;
  gil& operator=(const gil&) = delete;
  ~gil() { PyGILState_Release(state_); }

 private:
  PyGILState_STATE state_;
};

/// A reference. Dropped under the GIL; leaked where the interpreter is gone.
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
    Py_DECREF(held_);
  }
  [[nodiscard]] PyObject* get() const noexcept { return held_; }
  [[nodiscard]] PyObject* release() noexcept { return std::exchange(held_, nullptr); }
  explicit operator bool() const noexcept { return held_ != nullptr; }

 private:
  PyObject* held_ = nullptr;
};

/// A str of C++ text, which may be anything: what is no UTF-8 becomes backslash escapes. None: an exception is set.
inline object text_of(std::string_view text) {
  return object(PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "backslashreplace"));
}

}  // namespace interloop::python
