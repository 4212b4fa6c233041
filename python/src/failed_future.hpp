// SPDX-License-Identifier: MIT
// What errbacks get on asyncio, which has no failure object of its own: an exception and its traceback.
#pragma once

#include "type.hpp"

namespace interloop::python {

/// `FailedFuture(type, value, traceback)`. Any of the three may be None: what `sys.exc_info()` gave. It can have more
/// attributes, be referred to weakly, and be copied; pickled, where there is no traceback.
struct failed_future {
  PyObject_HEAD
  PyObject* type;
  PyObject* value;
  PyObject* traceback;
  PyObject* dict;  // null, or a user's attributes
  PyObject* weakrefs;
};

extern PyTypeObject* failed_future_type;
bool make_failed_future_type(PyObject* module);

/// From an exception; the traceback is the exception's own if `with_traceback`, else None.
ref make_failed_future(PyObject* exception, bool with_traceback);
/// From the exception that is being handled; of Nones where there is none, as txaio makes it.
ref make_failed_future_of_handled();

}  // namespace interloop::python
