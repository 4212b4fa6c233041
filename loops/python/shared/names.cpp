// SPDX-License-Identifier: MIT
#include "names.hpp"

namespace interloop::python {
namespace names {
#define INTERLOOP_PYTHON_DEFINE(identifier, text) PyObject* identifier = nullptr;
INTERLOOP_PYTHON_NAMES(INTERLOOP_PYTHON_DEFINE)
#undef INTERLOOP_PYTHON_DEFINE
}  // namespace names

bool make_names() {
  static bool made = false;
  if (made) return true;
#define INTERLOOP_PYTHON_MAKE(identifier, text) \
  if (!(names::identifier = PyUnicode_InternFromString(text))) return false;
  INTERLOOP_PYTHON_NAMES(INTERLOOP_PYTHON_MAKE)
#undef INTERLOOP_PYTHON_MAKE
  return made = true;
}

}  // namespace interloop::python
