// SPDX-License-Identifier: MIT
// Failures as text for people. Nothing here raises because of what it is given.
#pragma once

#include "names.hpp"

namespace interloop::python {

/// "type: message", in one line. The exception is `failure.<value_name>`; its message comes from
/// `failure.<message_method>()`, or from `str()` where that is null. A message that cannot be made says so; what is no
/// failure gives a sentence.
ref message_of_failure(PyObject* failure, PyObject* value_name, PyObject* message_method);

/// What `traceback.print_exception` prints of a `FailedFuture`.
ref text_of_asyncio_failure(PyObject* failure);

/// What a Twisted `Failure` prints of itself.
ref text_of_twisted_failure(PyObject* failure);

}  // namespace interloop::python
