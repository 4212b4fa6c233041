// SPDX-License-Identifier: MIT
// txaio's callbacks in asyncio's own queue, without a call of `call_soon` and a handle for each.
#pragma once

#include "native_asyncio.hpp"

namespace interloop::python {

/// Whether the class of `loop` leaves its queue to asyncio.
bool has_own_queue(PyObject* loop);

/// Gives `future` its result and queues its callbacks, at the place in the loop's queue where `set_result` would put
/// them. Applies to futures of asyncio's own type that have no callbacks except txaio's, on loops whose queue is as
/// asyncio made it, outside of the debug mode. 1: done; 0: it does not apply, nothing has happened; -1: an exception is
/// set.
int set_result_and_queue(const native_asyncio& asyncio, PyObject* future, PyObject* result);

}  // namespace interloop::python
