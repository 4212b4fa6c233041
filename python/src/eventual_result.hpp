// SPDX-License-Identifier: MIT
// Crochet's `EventualResult`: threads wait on it for a Deferred or an asyncio future of the reactor's thread.
#pragma once

#include "type.hpp"

namespace interloop::python {

/// Makes the type and the types that it uses.
bool make_eventual_result_type(PyObject* module);

/// An `EventualResult` that has no Deferred yet. Any thread.
ref make_eventual_result(PyObject* reactor);

/// Gives it a value or a failure, unless it has one. The reactor's thread.
bool set_eventual_result(PyObject* result, PyObject* value);

/// Fails it because the loop has stopped, unless it has a value.
bool stop_eventual_result(PyObject* result, PyObject* failure);

/// Fails it with the exception that is set, and clears that. The reactor's thread. False: another exception is set.
bool fail_eventual_result(PyObject* result);

/// Blocks until there is a result or `timeout` seconds have passed (None: without limit); then returns the value, or
/// raises the exception with the frames of its origin. Any thread except the reactor's. Signal handlers run meanwhile,
/// and an exception from a handler ends the wait. If the timeout is 0, a result that arrives within `grace` seconds
/// counts.
ref wait_eventual_result(PyObject* result, PyObject* timeout, double grace);

/// Sets RuntimeError and returns false in the thread of `reactor`; None means Twisted's reactor.
bool require_other_thread(PyObject* reactor, const char* what);

/// `EventualResult.cancel()`.
bool cancel_eventual_result(PyObject* result);

}  // namespace interloop::python
