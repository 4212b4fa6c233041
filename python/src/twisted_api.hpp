// SPDX-License-Identifier: MIT
// txaio's functions on Twisted: the type `TwistedApi`.
#pragma once

#include "type.hpp"

namespace interloop::python {

bool make_twisted_api_type(PyObject* module);

}  // namespace interloop::python
