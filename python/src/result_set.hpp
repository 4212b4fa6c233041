// SPDX-License-Identifier: MIT
// `ResultSet`: the results that are waited for, which the end of the loop fails. It holds them weakly.
#pragma once

#include "eventual_result_object.hpp"

namespace interloop::python {

bool make_result_set_type(PyObject* module);

/// Adds a result to a `ResultSet`, which fails what is still in it when the reactor stops. False: an exception is set,
/// ReactorStopped where that has happened already. Any thread.
bool add_to_results(PyObject* results, PyObject* result);

/// Takes a result out of the set it is in, if it is in one. With the GIL.
void leave_results(eventual_result* result);

}  // namespace interloop::python
