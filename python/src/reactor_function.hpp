// SPDX-License-Identifier: MIT
// The functions that Crochet's decorators return.
#pragma once

#include "type.hpp"

namespace interloop::python {

bool make_reactor_function_types(PyObject* module);

}  // namespace interloop::python
