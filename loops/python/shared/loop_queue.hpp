// SPDX-License-Identifier: MIT
// Calls in the queue of an asyncio or uvloop loop, without a `call_soon` and a handle for each.
#pragma once

#include "native_asyncio.hpp"

namespace interloop::python {

/// `future.set_result(outcome)`, or another method that completes it, and its callbacks queued where that would queue
/// them. Applies to futures of asyncio's own type whose callbacks compare by identity, on loops whose queue is as
/// asyncio or uvloop made it, outside of the debug mode. 1: done; 0: it does not apply, nothing has happened; -1: an
/// exception is set.
int complete_and_queue(const native_asyncio& asyncio, const future_method& complete, PyObject* future,
                       PyObject* outcome);

/// `loop.call_soon(callback, argument, context=context)`, on the same loops. As above.
int queue_call(PyObject* loop, PyObject* callback, PyObject* argument, PyObject* context);

/// Puts off what `complete_and_queue` queues on `loop` until `call_put_off`, which calls it at once if nothing else is
/// queued then: that is the order in which the loop would call it. For functions that the loop itself calls, or that
/// `queue_call` has queued. False: nothing is put off, because the loop has queued calls, or is another kind of loop, or
/// because calls are put off already.
bool put_off(PyObject* loop);
/// False: what a callback has raised ends the loop, and is set.
bool call_put_off();

}  // namespace interloop::python
