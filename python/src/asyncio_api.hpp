// SPDX-License-Identifier: MIT
// txaio's functions on asyncio: the type `AsyncioApi`.
#pragma once

#include "type.hpp"

namespace interloop::python {

bool make_asyncio_api_type(PyObject* module);

}  // namespace interloop::python
