// SPDX-License-Identifier: MIT
// What Crochet's decorators make of a function.
#pragma once

#include "type.hpp"

namespace interloop::python {

bool make_reactor_function_types(PyObject* module);

}  // namespace interloop::python
