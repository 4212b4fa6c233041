// SPDX-License-Identifier: MIT
// Failures of either framework, and logging of failures that nobody retrieves.
#pragma once

#include "ref.hpp"

namespace interloop::python {

/// Whether `value` is a failure, Twisted's or asyncio's.
bool is_failure(PyObject* value);

/// Loads the function that `report_unhandled_result` calls: when the interpreter ends, nothing can be imported any
/// more. False: an exception is set.
bool load_reporter();

/// Logs a failure of an EventualResult that nobody will retrieve; `timed_out`: a wait for it has timed out. Never
/// raises.
void report_unhandled_result(PyObject* failure, bool timed_out);

}  // namespace interloop::python
