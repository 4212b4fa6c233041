// SPDX-License-Identifier: MIT
// Crochet's `EventualResult`: what threads wait on, for a Deferred or an asyncio future of the reactor's thread.
#pragma once

#include "type.hpp"

namespace interloop::python {

/// With the types it is used with.
bool make_eventual_result_type(PyObject* module);

/// An `EventualResult` that has no Deferred yet. Any thread.
ref make_eventual_result(PyObject* reactor);

/// Gives it a value or a failure, unless it has one. The reactor's thread.
bool set_eventual_result(PyObject* result, PyObject* value);

/// Gives it the failure that the loop has stopped, unless it has a value.
bool stop_eventual_result(PyObject* result, PyObject* failure);

/// Fails it with the exception that is set, which is taken. The reactor's thread. False: another exception is set.
bool fail_eventual_result(PyObject* result);

/// Blocks until there is a result or `timeout` seconds (None: any time) have passed; then the value, or the exception is
/// raised with the frames of where it came from. Any thread but the reactor's. A signal's handler is run meanwhile, and
/// what it raises ends the wait. With a timeout of nothing, what comes within `grace` seconds counts.
ref wait_eventual_result(PyObject* result, PyObject* timeout, double grace);

/// Sets RuntimeError and returns false in the thread of `reactor` (may be None: then of Twisted's).
bool require_other_thread(PyObject* reactor, const char* what);

/// `EventualResult.cancel()`.
bool cancel_eventual_result(PyObject* result);

}  // namespace interloop::python
