// SPDX-License-Identifier: MIT
// The parts of the module asyncio that the compiled functions need, looked up when the first of them is needed.
#pragma once

#include "names.hpp"

namespace interloop::python {

/// A method of asyncio's Future.
struct future_method {
  PyObject* name = nullptr;
  PyObject* own = nullptr;
  PyCFunction direct = nullptr;  // the C function, if it takes no argument or one
  bool takes_one = false;

  /// `own(future, args...)`.
  template <class... Args>
  ref call_own(PyObject* future, Args*... args) const {
    if constexpr (sizeof...(Args) < 2) {
      PyObject* const argument[] = {nullptr, args...};
      if (direct && takes_one == (sizeof...(Args) == 1)) return ref(direct(future, argument[sizeof...(Args)]));
    }
    return call(own, future, args...);
  }
};

/// Strong references, kept for the life of the process.
struct native_asyncio {
  PyObject* module = nullptr;
  PyTypeObject* future = nullptr;
  PyTypeObject* gathering_future = nullptr;
  PyTypeObject* cancelled_error = nullptr;
  PyTypeObject* event_loop = nullptr;  // AbstractEventLoop
  PyObject* get_event_loop = nullptr;
  PyObject* iscoroutine = nullptr;
  PyObject* isfuture = nullptr;
  PyObject* ensure_future = nullptr;
  PyObject* sleep = nullptr;
  PyObject* create_future = nullptr;  // asyncio.BaseEventLoop's
  future_method add_done_callback;
  future_method remove_done_callback;
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
  if (Py_IS_TYPE(future, asyncio.future)) return method.call_own(future, args...);
  return call_method(future, method.name, args...);
}

/// Whether `asyncio.isfuture` says so: asyncio's Future, a class derived from it, or another loop's own class that
/// follows asyncio's protocol. For the common types the answer is immediate.
bool is_asyncio_future(const native_asyncio& asyncio, PyObject* object);

/// `asyncio.iscoroutine(object)`; for the common types the answer is immediate. -1: an exception is set.
int is_coroutine(const native_asyncio& asyncio, PyObject* object);

}  // namespace interloop::python
