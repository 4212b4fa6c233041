// SPDX-License-Identifier: MIT
// `Future.set_result` calls `loop.call_soon` for each callback, and that makes a handle, which the loop runs: most of
// what a callback costs, on asyncio all in Python. Here one object is queued for a row of calls. On asyncio it is the
// handle itself, of which the loop wants `_cancelled` and `_run()`; uvloop makes a handle for it.
//
// A row gets another call as long as it is the last in the queue and nothing was taken from the queue since the row was
// put there. So each call keeps its place among the loop's others, and its iteration.
#pragma once

#include "own_queue.hpp"

#include <cstddef>
#include <vector>

namespace interloop::python {

struct one_call {
  PyObject* callback;
  PyObject* argument;
  PyObject* context;
};

struct row {
  PyObject_HEAD
  vectorcallfunc vectorcall;  // for uvloop
  PyObject* cancelled;        // False, because nobody has the handle to cancel it
  PyObject* loop;
  PyObject* handle;             // uvloop's, which keeps this; null: this is in the queue itself
  PyObject* last;               // the callback that was called last, which debug messages name
  std::size_t next;             // of the calls
  Py_ssize_t length;            // of the queue when this was put at its end
  std::vector<one_call> calls;  // strong references
};

/// The row that may get other calls, if it is still the last; none once it runs or has gone.
extern row* open_row;

/// A row without calls. None: an exception is set.
ref make_row(PyObject* loop);

/// Whether it is the last in the queue, from which nothing was taken since.
bool is_last(PyObject* ready, row* self);
/// Puts a row at the end of the queue. False: an exception is set.
bool append(const own_queue& own, PyObject* ready, row* self);
/// Queues what has not been called yet before all else. Sets no exception.
void put_first(const own_queue& own, row* self);

/// Calls what has not been called yet, and returns None. Null: what a call has raised ends the loop, and is set; the rest
/// is queued again.
PyObject* run(row* self);
/// Whether a row that runs in this thread has other calls to make.
bool calls_follow();

}  // namespace interloop::python
