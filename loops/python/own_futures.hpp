// SPDX-License-Identifier: MIT
// asyncio's own futures, for the bridge. To be called by way of `in_python`: the source is compiled without exceptions.
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

namespace interloop::python {

/// A future of the loop `native` that has `notice`, which is about its cancellation, as its first callback. Null without
/// an exception: the loop's futures are not asyncio's own.
PyObject* make_own_future(PyObject* native, PyObject* notice);

/// Gives a future of asyncio's own a result, unless it is done. Drops the notice, which the loop would call in vain.
/// 1: done; 0: the future is another one; -1: an exception is set.
int resolve_own_future(PyObject* future, PyObject* value);

/// Whether it is a future of asyncio's own, of the loop `native`. -1: an exception is set.
int is_own_future_of(PyObject* native, PyObject* future);

/// Adds the callback `done` to such a future. -1: an exception is set.
int follow_own_future(PyObject* future, PyObject* done);

/// How such a future ended. 1: `outcome` is its result; 0: its exception, or None if it was cancelled; -1: an exception is
/// set. A new reference.
int outcome_of_own_future(PyObject* future, PyObject** outcome);

/// Whether it was cancelled.
bool own_future_cancelled(PyObject* future);

/// An object with `cancel()`, which calls that of `awaitable`, and does not keep that if it can be referred to weakly:
/// nobody completes what only C++ waits for.
PyObject* make_canceller(PyObject* awaitable);

/// Calls `callback` in the next iteration of an asyncio loop. 1: it will; 0: the context has gone; -1: an exception is set.
int call_soon(PyObject* loop, PyObject* callback, PyObject* weak_context);

}  // namespace interloop::python
