// SPDX-License-Identifier: MIT
// Everything that a decorated function needs of its event loop, in one object: `setup` makes it, every call reads it.
#pragma once

#include "eventual_result.hpp"

namespace interloop::python {

/// `ReactorContext(reactor, results, api, on_twisted, survives_fork, queue=None, waker=-1, event=None)`. `event` is
/// `threading.Event` if threads are patched; from then on all waits use it.
struct reactor_context {
  PyObject_HEAD
  PyObject* reactor;
  PyObject* results;    // a ResultSet
  PyObject* as_future;  // of txaio's API on the reactor
  bool on_twisted;
  bool survives_fork;
  unsigned generation;  // the number of forks when it was made
  PyObject* queue;      // null, or the list that the reactor's callFromThread appends to ...
  int waker;            // ... and the descriptor that it then writes to
  bool runs_call;       // whether the reactor's thread is inside one of the calls
};

bool make_reactor_context_type(PyObject* module);

/// The context of `event_loop`. Null: RuntimeError is set, because there is none, or it stayed in the parent of a fork.
reactor_context* usable_context(PyObject* event_loop);

/// `reactor.callFromThread(callable)`. Any thread. False: an exception is set.
bool call_in_reactor(reactor_context* context, PyObject* callable);

/// Runs `function` with the arguments in `given`, in the reactor's thread, and gives `result` its outcome, now or when
/// its future is done. False: an exception is set, and the result has no outcome.
bool run_for_result(reactor_context* context, PyObject* result, PyObject* function, const arguments& given);

}  // namespace interloop::python
