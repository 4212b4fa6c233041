// SPDX-License-Identifier: MIT
// The fields of an `EventualResult`, for the files that make it up. The GIL guards them.
#pragma once

#include "type.hpp"
#include "waiting_threads.hpp"

namespace interloop::python {

struct result_set;

struct eventual_result {
  PyObject_HEAD
  result_set* home;  // borrowed, as the links are: a set holds its results weakly
  eventual_result* previous;
  eventual_result* next;
  PyObject* deferred;  // null until it is connected, as is ...
  PyObject* link;      // ... what the Deferred calls
  PyObject* reactor;
  PyObject* value;      // null until it is set
  PyObject* traceback;  // of a failure, as it was when it arrived: Twisted cleans it away
  bool retrieved;
  bool timed_out;  // a wait has
  bool stopped;    // the loop has ended before there was a value: a failure that says so is one
  waiting_threads waiting;
  PyObject* dict;
  PyObject* weakrefs;
};

extern PyTypeObject* eventual_result_type;

inline eventual_result* as_result(PyObject* object) { return reinterpret_cast<eventual_result*>(object); }

}  // namespace interloop::python
