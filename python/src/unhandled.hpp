// SPDX-License-Identifier: MIT
// Failures of either framework, and the log that is told of those nobody asks for.
#pragma once

#include "ref.hpp"

namespace interloop::python {

/// Whether `value` is a failure, of Twisted's or of asyncio's kind.
bool is_failure(PyObject* value);

/// Loads what `report_unhandled_result` calls: when the interpreter ends, nothing can be imported any more. False: an exception
/// is set.
bool load_reporter();

/// Tells the log of a failure of an EventualResult that nobody will ask for, and for which a wait may have timed out. Never
/// raises.
void report_unhandled_result(PyObject* failure, bool timed_out);

}  // namespace interloop::python
