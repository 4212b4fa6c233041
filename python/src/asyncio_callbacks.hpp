// SPDX-License-Identifier: MIT
// The objects that txaio's functions add to asyncio futures as done callbacks.
#pragma once

#include "native_asyncio.hpp"
#include "type.hpp"

namespace interloop::python {

bool make_asyncio_callback_types(PyObject* module);

/// Calls `callback(result)` or `errback(failure)`; either may be None. An exception from `callback` goes to `errback`
/// too.
ref make_done_callback(PyObject* callback, PyObject* errback);

/// Calls `canceller(future)` when the future is cancelled.
ref make_cancel_callback(PyObject* canceller);

}  // namespace interloop::python
