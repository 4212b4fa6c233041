// SPDX-License-Identifier: MIT
// The type of `txaio.config`: the loop that the functions use.
#pragma once

#include "ref.hpp"

namespace interloop::python {

bool make_config_type(PyObject* module);

/// `config.loop`, for any object; None is the framework's default loop.
ref configured_loop(PyObject* config);

}  // namespace interloop::python
