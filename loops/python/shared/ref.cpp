// SPDX-License-Identifier: MIT
#include "ref.hpp"

#include <algorithm>
#include <array>
#include <memory>

namespace interloop::python {
namespace {

// Room for the arguments of one call: on the stack, unless there are many.
class stack {
 public:
  explicit stack(std::size_t count) {
    if (count > fixed_.size()) many_ = std::make_unique<PyObject*[]>(count);
  }
  PyObject** data() noexcept { return many_ ? many_.get() : fixed_.data(); }

 private:
  std::array<PyObject*, 12> fixed_{};
  std::unique_ptr<PyObject*[]> many_;
};

}  // namespace

ref call_with(PyObject* callable, const arguments& rest) {
  return ref(PyObject_Vectorcall(callable, rest.values, static_cast<std::size_t>(rest.positional), rest.names));
}

ref call_with(PyObject* callable, PyObject* first, const arguments& rest) {
  stack room(static_cast<std::size_t>(1 + rest.total()));
  *room.data() = first;
  std::copy_n(rest.values, rest.total(), room.data() + 1);
  return ref(PyObject_Vectorcall(callable, room.data(), static_cast<std::size_t>(1 + rest.positional), rest.names));
}

ref call_method_with(PyObject* self, PyObject* name, PyObject* const* leading, Py_ssize_t count,
                     const arguments& rest) {
  stack room(static_cast<std::size_t>(1 + count + rest.total()));
  PyObject** at = room.data();
  *at++ = self;
  at = std::copy_n(leading, count, at);
  std::copy_n(rest.values, rest.total(), at);
  return ref(
      PyObject_VectorcallMethod(name, room.data(), static_cast<std::size_t>(1 + count + rest.positional), rest.names));
}

ref take_exception() noexcept {
#if PY_VERSION_HEX >= 0x030C0000
  return ref(PyErr_GetRaisedException());
#else
  PyObject *type = nullptr, *value = nullptr, *traceback = nullptr;
  PyErr_Fetch(&type, &value, &traceback);
  if (!type) return ref();
  PyErr_NormalizeException(&type, &value, &traceback);
  if (traceback) PyException_SetTraceback(value, traceback);
  Py_XDECREF(type);
  Py_XDECREF(traceback);
  return ref(value);
#endif
}

void put_exception(ref exception) noexcept {
#if PY_VERSION_HEX >= 0x030C0000
  PyErr_SetRaisedException(exception.release());
#else
  PyObject* value = exception.release();
  PyErr_Restore(Py_NewRef(reinterpret_cast<PyObject*>(Py_TYPE(value))), value, PyException_GetTraceback(value));
#endif
}

ref strong(PyObject* weak) noexcept {
#if PY_VERSION_HEX >= 0x030D0000
  PyObject* found = nullptr;
  if (PyWeakref_GetRef(weak, &found) < 0) PyErr_Clear();  // it is not a weak reference
  return ref(found);
#else
  PyObject* found = PyWeakref_GetObject(weak);
  return ref::borrow(found == Py_None ? nullptr : found);
#endif
}

PyObject* loaded_module(const char* name) {
  PyObject* found = PyDict_GetItemString(PyImport_GetModuleDict(), name);
  return found == Py_None ? nullptr : found;
}

ref from_loaded(const char* module, const char* name) {
  PyObject* found = loaded_module(module);
  ref value(found ? PyObject_GetAttrString(found, name) : nullptr);
  if (found && !value) PyErr_Clear();
  return value;
}

ref import_from(const char* module, const char* name) {
  const ref found(PyImport_ImportModule(module));
  return found ? ref(PyObject_GetAttrString(found.get(), name)) : ref();
}

}  // namespace interloop::python
