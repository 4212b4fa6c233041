// SPDX-License-Identifier: MIT
// `ResultSet`: the results that threads wait for; the end of the loop fails them. It refers to them weakly.
#pragma once

#include "eventual_result_object.hpp"

namespace interloop::python {

bool make_result_set_type(PyObject* module);

/// Adds a result to a `ResultSet`, which fails the results that it still contains when the reactor stops. False: an
/// exception is set, ReactorStopped if the reactor has stopped already. Any thread.
bool add_to_results(PyObject* results, PyObject* result);

/// Removes a result from the set that contains it, if any. With the GIL.
void leave_results(eventual_result* result);

}  // namespace interloop::python
