// SPDX-License-Identifier: MIT
// The fields of an `EventualResult`, for the files that implement it. The GIL guards them.
#pragma once

#include "type.hpp"
#include "waiting_threads.hpp"

namespace interloop::python {

struct result_set;

struct eventual_result {
  PyObject_HEAD
  result_set* home;  // borrowed, as the links are: a set refers to its results weakly
  eventual_result* previous;
  eventual_result* next;
  PyObject* deferred;  // null until it is connected, and so is ...
  PyObject* link;      // ... the object that the Deferred calls
  PyObject* reactor;
  PyObject* value;      // null until it is set
  PyObject* traceback;  // of a failure, as it was when it arrived: Twisted clears it later
  bool retrieved;
  bool timed_out;  // a wait has timed out
  bool stopped;    // the loop ended before there was a value, so a failure that says so is real
  waiting_threads waiting;
  PyObject* dict;
  PyObject* weakrefs;
};

extern PyTypeObject* eventual_result_type;

inline eventual_result* as_result(PyObject* object) { return reinterpret_cast<eventual_result*>(object); }

}  // namespace interloop::python
