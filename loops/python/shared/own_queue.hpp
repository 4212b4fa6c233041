// SPDX-License-Identifier: MIT
// The queues of asyncio's and uvloop's own loops, as long as they are what this library was written for.
#pragma once

#include "names.hpp"

namespace interloop::python {

/// What asyncio's own queue works with. Strong references, kept for the life of the process.
struct own_queue {
  PyObject* events = nullptr;  // the dict of the module asyncio.events
  PyObject* handle = nullptr;
  PyObject* handle_run = nullptr;
  PyObject* handle_init = nullptr;
  PyObject* call_soon = nullptr;
  PyObject* queue_it = nullptr;  // BaseEventLoop._call_soon
  PyObject* run_once = nullptr;
  PyObject* append = nullptr;  // of deque
  PyTypeObject* deque = nullptr;
  bool known = false;
  bool looked = false;
};

/// Null: asyncio's queue is another one. Sets no exception.
const own_queue* queue();

/// Whether the class of `loop` leaves its queue to asyncio.
bool is_asyncio(const own_queue& own, PyObject* loop);
/// `call_soon` of uvloop, if the class of `loop` leaves it to that; otherwise null.
PyObject* uvloop_call_soon(PyObject* loop);

/// `loop._ready` of an asyncio loop, if that is a deque. None: an exception may be set, also below.
ref asyncio_ready(const own_queue& own, PyObject* loop);
/// The same, if `call_soon` would do nothing except append to it.
ref asyncio_queue(const own_queue& own, PyObject* loop);
/// The queue of a uvloop loop: the one deque among all that the loop tells the garbage collector of. It is only to be
/// looked at; that it is the queue shows when `call_soon` has appended to it.
ref uvloop_queue(const own_queue& own, PyObject* loop);
/// That was not the queue.
void forget_uvloop_queue();

/// The queue of either, if `call_soon` would only append to it. Sets no exception.
ref queue_of_loop(const own_queue& own, PyObject* loop);

}  // namespace interloop::python
