// SPDX-License-Identifier: MIT
// The parts of the module asyncio that the compiled functions need, looked up when the first of them is needed.
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
  PyObject* create_future = nullptr;  // asyncio.BaseEventLoop's
  future_method add_done_callback;
  PyObject* remove_done_callback = nullptr;
  future_method cancelled;
  future_method done;
  future_method exception;
  future_method get_loop;
  future_method result;
  future_method set_result;
  PyTypeObject* async_generator = nullptr;
};

/// Null: the import failed, and an exception is set.
const native_asyncio* get_asyncio();

/// The loop that asyncio has for the calling thread; a new loop if it has none, as in txaio.
ref current_event_loop(const native_asyncio& asyncio);

/// `loop.create_future()`; for asyncio's and uvloop's own loops without running Python code.
ref new_asyncio_future(const native_asyncio& asyncio, PyObject* loop);

/// `future.method(args...)`; without a look-up if the future is of asyncio's own type.
template <class... Args>
ref call_future(const native_asyncio& asyncio, const future_method& method, PyObject* future, Args*... args) {
  if (Py_IS_TYPE(future, asyncio.future)) return call(method.own, future, args...);
  return call_method(future, method.name, args...);
}

/// Whether `asyncio.isfuture` says so: asyncio's Future, a class derived from it, or another loop's own class that
/// follows asyncio's protocol. For the common types the answer is immediate.
bool is_asyncio_future(const native_asyncio& asyncio, PyObject* object);

/// `asyncio.iscoroutine(object)`; for the common types the answer is immediate. -1: an exception is set.
int is_coroutine(const native_asyncio& asyncio, PyObject* object);

}  // namespace interloop::python
