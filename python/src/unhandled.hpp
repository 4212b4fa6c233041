// SPDX-License-Identifier: MIT
// Failures of either framework, and the log that is told of those nobody asks for.
#pragma once

#include "ref.hpp"

namespace interloop::python {

/// Whether `value` is a failure, of Twisted's or of asyncio's kind.
bool is_failure(PyObject* value);

/// Loads what `report_unhandled` calls: when the interpreter ends, nothing can be imported any more. False: an exception
/// is set.
bool load_reporter();

/// Tells the log of a failure that nobody will ask for. Never raises.
void report_unhandled(PyObject* failure, const char* why);

}  // namespace interloop::python
