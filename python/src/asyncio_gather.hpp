// SPDX-License-Identifier: MIT
// `asyncio.gather`, with the same future and the same rules, without a Python function a child.
#pragma once

#include "native_asyncio.hpp"

namespace interloop::python {

bool make_asyncio_gather_type(PyObject* module);

/// What `asyncio.gather(*futures, return_exceptions=consume)` returns; coroutines and the empty case use `loop`.
ref asyncio_gather(PyObject* futures, bool consume, PyObject* loop);

}  // namespace interloop::python
