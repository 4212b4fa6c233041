// SPDX-License-Identifier: MIT
// The loggers that `make_logger` returns on Twisted: txaio's levels in front of a `twisted.logger.Logger`.
#pragma once

#include "type.hpp"

namespace interloop::python {

bool make_twisted_logger_type(PyObject* module);

}  // namespace interloop::python
