// SPDX-License-Identifier: MIT
// What the compiled functions need of the module asyncio, looked up when the first of them is asked for.
#pragma once

#include "names.hpp"

namespace interloop::python {

/// A method of asyncio's Future.
struct future_method {
  PyObject* name = nullptr;
  PyObject* own = nullptr;
};

/// Strong references, kept for the life of the process.
struct native_asyncio {
  PyObject* module = nullptr;
  PyTypeObject* future = nullptr;
  PyTypeObject* gathering_future = nullptr;
  PyTypeObject* cancelled_error = nullptr;
  PyObject* get_event_loop = nullptr;
  PyObject* iscoroutine = nullptr;
  PyObject* isfuture = nullptr;
  PyObject* ensure_future = nullptr;
  PyObject* sleep = nullptr;
  PyObject* create_future = nullptr;      // asyncio.BaseEventLoop's
  PyObject* add_done_callback = nullptr;  // asyncio.Future's
  future_method cancelled;
  future_method done;
  future_method exception;
  future_method get_loop;
  future_method result;
  future_method set_result;
  PyTypeObject* async_generator = nullptr;
};

/// Null: importing it failed, an exception is set.
const native_asyncio* get_asyncio();

/// The loop that asyncio has for the calling thread; a new one where it has none, as txaio does.
ref current_event_loop(const native_asyncio& asyncio);

/// `loop.create_future()`; for asyncio's and uvloop's own loops without the way through Python.
ref new_asyncio_future(const native_asyncio& asyncio, PyObject* loop);

/// `future.method(args...)`; without a look-up where the future is of asyncio's own type.
template <class... Args>
ref call_future(const native_asyncio& asyncio, const future_method& method, PyObject* future, Args*... args) {
  if (Py_IS_TYPE(future, asyncio.future)) return call(method.own, future, args...);
  return call_method(future, method.name, args...);
}

/// Whether `asyncio.isfuture` says so: asyncio's Future, one derived from it, or one of a loop that has its own, which
/// keeps asyncio's protocol. The common types are answered at once.
bool is_asyncio_future(const native_asyncio& asyncio, PyObject* object);

/// `asyncio.iscoroutine(object)`, answered at once for the common types. -1: an exception is set.
int is_coroutine(const native_asyncio& asyncio, PyObject* object);

}  // namespace interloop::python
