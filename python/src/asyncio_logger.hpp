// SPDX-License-Identifier: MIT
// The loggers that `make_logger` returns on asyncio: txaio's levels and formats, in front of a logger of the module
// `logging`.
#pragma once

#include "type.hpp"

namespace interloop::python {

bool make_asyncio_logger_type(PyObject* module);

}  // namespace interloop::python
