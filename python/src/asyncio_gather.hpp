// SPDX-License-Identifier: MIT
// `asyncio.gather`, with the same future and the same rules, but without a Python function per child.
#pragma once

#include "native_asyncio.hpp"

namespace interloop::python {

bool make_asyncio_gather_type(PyObject* module);

/// Equivalent to `asyncio.gather(*futures, return_exceptions=consume)`; coroutines and the empty case use `loop`.
ref asyncio_gather(PyObject* futures, bool consume, PyObject* loop);

}  // namespace interloop::python
