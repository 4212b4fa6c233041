// SPDX-License-Identifier: MIT
// Failures as text for people. Nothing here raises because of the object it is given.
#pragma once

#include "names.hpp"

namespace interloop::python {

/// "type: message", in one line. The exception is `failure.<value_name>`; its message comes from
/// `failure.<message_method>()`, or from `str()` if that is null. If there is no message because making it failed, the
/// text says so; for an object that is not a failure it is a sentence that says that.
ref message_of_failure(PyObject* failure, PyObject* value_name, PyObject* message_method);

/// The text that `traceback.print_exception` prints for a `FailedFuture`.
ref text_of_asyncio_failure(PyObject* failure);

/// The text that a Twisted `Failure` prints for itself.
ref text_of_twisted_failure(PyObject* failure);

}  // namespace interloop::python
