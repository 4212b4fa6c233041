// SPDX-License-Identifier: MIT
// Whether Python code is still what the compiled functions were written for.
#pragma once

#include "names.hpp"

#include <initializer_list>

namespace interloop::python {

/// Whether a Python function uses these global names and attributes, of which the release of another framework that does
/// something else would use others.
bool uses(PyObject* function, std::initializer_list<const char*> names);
/// Whether it uses just these, in the order in which it uses them first.
bool uses_just(PyObject* function, const char* names);

/// Whether `owner.name` is `wanted`. Sets no exception.
bool is(PyObject* owner, PyObject* name, PyObject* wanted);
/// Whether `owner.name` is the function `wanted`, bound to `owner`. Sets no exception. It does not look into the
/// owner's `__dict__`: CPython would then create that, and look up all of the owner's attributes more slowly from then
/// on.
bool is_own_method(PyObject* owner, PyObject* name, PyObject* wanted);

/// What was found out about a class, until that changes: CPython gives a class another version with each change of it
/// or of its bases.
class unchanged {
 public:
  /// What `look()` returned, a bool, when it was called for this version of `type`.
  template <class Look>
  bool operator()(PyTypeObject* type, Look look) {
    if (type == type_ && version_ != 0 && version_of(type) == version_) return answer_;
    answer_ = look();
    type_ = type;
    version_ = version_of(type);
    return answer_;
  }

 private:
  static unsigned version_of(PyTypeObject* type) {
    return PyType_HasFeature(type, Py_TPFLAGS_VALID_VERSION_TAG) ? type->tp_version_tag : 0;
  }
  PyTypeObject* type_ = nullptr;  // only compared
  unsigned version_ = 0;
  bool answer_ = false;
};

}  // namespace interloop::python
