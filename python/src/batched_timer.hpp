// SPDX-License-Identifier: MIT
// Many timeouts whose exact moment does not matter, on one native timer per span of time: the Python counterpart of
// `interloop/batched_timer.hpp`, with txaio's timing.
#pragma once

#include "type.hpp"

namespace interloop::python {

bool make_batched_timer_types(PyObject* module);

/// The method `make_batched_timer(bucket_seconds, chunk_size=100)` of `api`, which has `_seconds()` and
/// `call_later(delay, fun)`.
PyObject* make_batched_timer(PyObject* api, const arguments& given);
template <class Api>
PyObject* batched_timer_of(Api* api, const arguments& given) {
  return make_batched_timer(reinterpret_cast<PyObject*>(api), given);
}

}  // namespace interloop::python
