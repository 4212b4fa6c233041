// SPDX-License-Identifier: MIT
// The failure that errbacks get on asyncio, which has no failure object of its own: an exception and its traceback.
#pragma once

#include "type.hpp"

namespace interloop::python {

/// `FailedFuture(type, value, traceback)`. Any of the three may be None: they are what `sys.exc_info()` returned. It
/// can have more attributes, weak references and copies; it can be pickled if there is no traceback.
struct failed_future {
  PyObject_HEAD
  PyObject* type;
  PyObject* value;
  PyObject* traceback;
  PyObject* dict;  // null, or attributes that a user has set
  PyObject* weakrefs;
};

extern PyTypeObject* failed_future_type;
bool make_failed_future_type(PyObject* module);

/// From an exception; the traceback is the exception's own if `with_traceback`, else None.
ref make_failed_future(PyObject* exception, bool with_traceback);
/// From the exception being handled; if there is none, all three are None, as in txaio.
ref make_failed_future_of_handled();

}  // namespace interloop::python
