// SPDX-License-Identifier: MIT
//
// `Future.set_result` calls `loop.call_soon`, in Python, for each callback; that makes a `Handle`, in Python, whose
// `_run` is Python again: most of what a callback costs. What the loop wants of a handle in its queue are `_cancelled`
// and `_run()`, and txaio's callbacks have them themselves.
#include "asyncio_ready.hpp"

#include "asyncio_callbacks.hpp"
#include "unchanged.hpp"

#include <array>
#include <cstddef>

namespace interloop::python {
namespace {

constexpr Py_ssize_t most = 4;  // callbacks: each is searched for when it is removed

// asyncio's own queue, or nothing. Strong references, kept for the life of the process.
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

own_queue look_for_queue() {
  own_queue made;
  made.looked = true;
  const auto take = [](PyObject* owner, PyObject* name) { return owner ? PyObject_GetAttr(owner, name) : nullptr; };
  const ref base = import_from("asyncio", "BaseEventLoop");
  const ref events(PyImport_ImportModule("asyncio.events"));
  made.deque = reinterpret_cast<PyTypeObject*>(import_from("collections", "deque").release());
  made.events = events ? Py_NewRef(PyModule_GetDict(events.get())) : nullptr;
  made.handle = take(events.get(), names::Handle);
  made.handle_run = take(made.handle, names::run_);
  made.handle_init = take(made.handle, names::dunder_init);
  made.call_soon = take(base.get(), names::call_soon);
  made.queue_it = take(base.get(), names::call_soon_);
  made.run_once = take(base.get(), names::run_once);
  made.append = take(reinterpret_cast<PyObject*>(made.deque), names::append);
  made.known = !PyErr_Occurred() && made.append && made.handle_run && made.handle_init && made.run_once &&
               uses(made.call_soon, {"_check_closed", "_debug", "_call_soon"}) &&
               uses(made.queue_it, {"events", "Handle", "_ready", "append"}) &&
               uses(made.run_once, {"_ready", "popleft", "_cancelled", "_debug", "_run", "_format_handle"});
  PyErr_Clear();
  return made;
}

const own_queue* queue() {
  static own_queue found;
  if (!found.looked) {
    const own_queue made = look_for_queue();
    found = made;
  }
  return found.known ? &found : nullptr;
}

// Whether handles are what asyncio made them.
bool has_own_handles(const own_queue& own) {
  static unchanged checked;
  if (PyDict_GetItemWithError(own.events, names::Handle) != own.handle) return PyErr_Clear(), false;
  return checked(reinterpret_cast<PyTypeObject*>(own.handle), [&] {
    return is(own.handle, names::run_, own.handle_run) && is(own.handle, names::dunder_init, own.handle_init);
  });
}

// The loop's queue, if the loop would do nothing except append to it; none, without an exception, if not.
ref queue_of(const own_queue& own, PyObject* loop) {
  if (!has_own_handles(own)) return ref();
  ref ready;
  if (is_own_method(loop, names::call_soon, own.call_soon) && is(loop, names::closed_, Py_False) &&
      is(loop, names::debug_, Py_False))
    ready = ref(PyObject_GetAttr(loop, names::ready_));
  if (ready && !Py_IS_TYPE(ready.get(), own.deque)) ready = ref();
  PyErr_Clear();
  return ready;
}

// What is due when the future is done: callbacks and their contexts.
struct due {
  std::array<ref, most> callbacks, contexts;
  Py_ssize_t count = 0;

  // False: there are none, or others than txaio's.
  bool take(PyObject* future) {
    const ref all(PyObject_GetAttr(future, names::callbacks_));
    if (!all) PyErr_Clear();
    if (!all || !PyList_CheckExact(all.get())) return false;
    count = PyList_GET_SIZE(all.get());
    if (count < 1 || count > most) return false;
    for (Py_ssize_t i = 0; i < count; ++i) {
      PyObject* pair = PyList_GET_ITEM(all.get(), i);
      if (!PyTuple_CheckExact(pair) || PyTuple_GET_SIZE(pair) != 2) return false;
      PyObject *callback = PyTuple_GET_ITEM(pair, 0), *context = PyTuple_GET_ITEM(pair, 1);
      if (!can_be_queued(callback) || !PyContext_CheckExact(context)) return false;
      callbacks[static_cast<std::size_t>(i)] = ref::borrow(callback);
      contexts[static_cast<std::size_t>(i)] = ref::borrow(context);
    }
    return true;
  }
};

}  // namespace

bool has_own_queue(PyObject* loop) {
  static unchanged checked;
  PyTypeObject* type = Py_TYPE(loop);
  return checked(type, [&] {
    const own_queue* own = queue();
    auto* made = reinterpret_cast<PyObject*>(type);
    return own && is(made, names::run_once, own->run_once) && is(made, names::call_soon_, own->queue_it);
  });
}

int set_result_and_queue(const native_asyncio& asyncio, PyObject* future, PyObject* result) {
  if (!Py_IS_TYPE(future, asyncio.future)) return 0;
  const own_queue* own = queue();
  const ref loop = own ? call(asyncio.get_loop.own, future) : ref();
  if (!loop) return PyErr_Clear(), 0;
  due waiting;
  if (!has_own_queue(loop.get()) || !waiting.take(future)) return 0;
  const ref ready = queue_of(*own, loop.get());
  if (!ready) return 0;
  const auto count = static_cast<std::size_t>(waiting.count);
  for (std::size_t i = 0; i < count; ++i)
    if (!call(asyncio.remove_done_callback, future, waiting.callbacks[i].get())) return -1;
  if (!call(asyncio.set_result.own, future, result)) return -1;
  for (std::size_t i = 0; i < count; ++i) {
    PyObject* callback = waiting.callbacks[i].get();
    make_queued(callback, future, waiting.contexts[i].get());
    if (!call(own->append, ready.get(), callback)) return -1;
  }
  return 1;
}

}  // namespace interloop::python
