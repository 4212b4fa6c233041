// SPDX-License-Identifier: MIT
// Many timeouts whose exact moment does not matter, on one native timer for each span of time: the Python face of what
// `interloop/batched_timer.hpp` is in C++, with txaio's moments.
#pragma once

#include "type.hpp"

namespace interloop::python {

bool make_batched_timer_types(PyObject* module);

/// On `api`, which has `_seconds()` and `call_later(delay, fun)`. `chunk_size` may be null: 100.
ref make_batched_timer(PyObject* api, PyObject* bucket_seconds, PyObject* chunk_size);

}  // namespace interloop::python
