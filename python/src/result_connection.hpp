// SPDX-License-Identifier: MIT
// What a Deferred or an asyncio future calls with its outcome: it refers to the EventualResult weakly, so that one that
// nobody has any more can be reported.
#pragma once

#include "type.hpp"

namespace interloop::python {

bool make_result_connection_type(PyObject* module);

/// Notes, in the `link` of an EventualResult, that its user has asked for the cancellation.
void expect_cancellation(PyObject* link);

/// Notes there that a wait for the result has timed out, which the log says of a failure that comes later.
void note_timeout(PyObject* link);

/// Whether nobody has to be told of `failure`, which that link has brought or another one (`link` may be null): it is a
/// cancellation that was asked for; on asyncio, which reports none, any.
bool is_expected(PyObject* link, PyObject* failure);

/// Makes an EventualResult follow `deferred`, a Deferred or an asyncio future. The reactor's thread, once. False: an
/// exception is set.
bool connect_eventual_result(PyObject* result, PyObject* deferred);

}  // namespace interloop::python
