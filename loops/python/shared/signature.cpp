// SPDX-License-Identifier: MIT
#include "signature.hpp"

namespace interloop::python {
namespace {

// The index of `key` among the names, or -1; some may be null. Names in calls are nearly always interned, so addresses
// are compared first.
int index_of(PyObject* key, PyObject** const* names, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    if (names[i] && *names[i] == key) return static_cast<int>(i);
  for (std::size_t i = 0; i < count; ++i)
    if (names[i] && PyUnicode_Compare(*names[i], key) == 0) return static_cast<int>(i);
  return -1;
}

bool has_name(const arguments& given, PyObject* name) {
  for (Py_ssize_t i = 0; i < given.named(); ++i)
    if (PyUnicode_Compare(PyTuple_GET_ITEM(given.names, i), name) == 0) return true;
  return false;
}

bool missing(const char* function, PyObject* name) {
  PyErr_Format(PyExc_TypeError, "%s() missing 1 required positional argument: '%U'", function, name);
  return false;
}

bool twice(const char* function, PyObject* name) {
  PyErr_Format(PyExc_TypeError, "%s() got multiple values for argument '%U'", function, name);
  return false;
}

}  // namespace

bool detail::parse(const char* function, std::size_t required, PyObject** const* names, PyObject** const* also,
                   std::size_t count, const arguments& given, PyObject** slots) {
  const auto positional = static_cast<std::size_t>(given.positional);
  if (positional > count) {
    PyErr_Format(PyExc_TypeError, "%s() takes at most %zu arguments (%zd given)", function, count, given.total());
    return false;
  }
  unsigned seen = 0;
  for (std::size_t i = 0; i < positional; ++i) {
    slots[i] = given.values[i];
    seen |= 1U << i;
  }
  for (Py_ssize_t i = 0; i < given.named(); ++i) {
    PyObject* key = PyTuple_GET_ITEM(given.names, i);
    int at = index_of(key, names, count);
    if (at < 0) at = index_of(key, also, count);
    if (at < 0) {
      PyErr_Format(PyExc_TypeError, "%s() got an unexpected keyword argument '%U'", function, key);
      return false;
    }
    if (seen & (1U << at)) return twice(function, *names[at]);
    seen |= 1U << at;
    slots[at] = given.values[given.positional + i];
  }
  for (std::size_t i = 0; i < required; ++i)
    if (!(seen & (1U << i))) return missing(function, *names[i]);
  return true;
}

bool require_callable(const char* function, PyObject* argument) {
  if (PyCallable_Check(argument)) return true;
  PyErr_Format(PyExc_TypeError, "%s() needs a callable, not %.100s", function, Py_TYPE(argument)->tp_name);
  return false;
}

bool leading_arguments::split_slowly(const char* function, PyObject** const* names, PyObject** const* also,
                                     std::size_t count, const arguments& given, PyObject** leading) {
  const auto positional = static_cast<std::size_t>(given.positional);
  for (std::size_t i = 0; i < count; ++i) leading[i] = i < positional ? given.values[i] : nullptr;
  ref kept(PyList_New(0));
  if (!kept) return false;
  for (Py_ssize_t i = 0; i < given.named(); ++i) {
    PyObject* key = PyTuple_GET_ITEM(given.names, i);
    int at = index_of(key, names, count);
    if (at < 0) {  // otherwise it is for the function that is called
      at = index_of(key, also, count);
      if (at >= 0 && (leading[at] || has_name(given, *names[at]))) at = -1;
    }
    if (at >= 0) {
      if (leading[at]) return twice(function, key);
      leading[at] = given.values[given.positional + i];
    } else {
      values_.push_back(given.values[given.positional + i]);
      if (PyList_Append(kept.get(), key) < 0) return false;
    }
  }
  for (std::size_t i = 0; i < count; ++i)
    if (!leading[i]) return missing(function, *names[i]);
  if (!values_.empty()) {
    names_ = ref(PyList_AsTuple(kept.get()));
    if (!names_) return false;
  }
  rest = {values_.data(), 0, names_.get()};
  return true;
}

}  // namespace interloop::python
