// SPDX-License-Identifier: MIT
// The object that a Deferred or an asyncio future calls with its outcome. It refers to the EventualResult weakly, so
// that a result that nobody keeps can be reported.
#pragma once

#include "type.hpp"

namespace interloop::python {

bool make_result_connection_type(PyObject* module);

/// Notes, in the `link` of an EventualResult, that its user has asked for the cancellation.
void expect_cancellation(PyObject* link);

/// Notes there that a wait for the result has timed out; if a failure comes later, the log mentions that.
void note_timeout(PyObject* link);

/// Whether `failure`, which that link (it may be null) or another one has brought, need not be reported: it is a
/// cancellation that was asked for. On asyncio, which reports none, any cancellation.
bool is_expected(PyObject* link, PyObject* failure);

/// Makes an EventualResult follow `deferred`, a Deferred or an asyncio future. Call it once, in the reactor's thread.
/// False: an exception is set.
bool connect_eventual_result(PyObject* result, PyObject* deferred);

}  // namespace interloop::python
