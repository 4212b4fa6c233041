// SPDX-License-Identifier: MIT
#include "own_queue.hpp"

#include "unchanged.hpp"

#include <utility>

namespace interloop::python {
namespace {

own_queue look_for_queue() {
  own_queue made;
  made.looked = true;
  if (!make_names()) return PyErr_Clear(), made;
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

// Whether handles are what asyncio made them.
bool has_own_handles(const own_queue& own) {
  static unchanged checked;
  if (PyDict_GetItemWithError(own.events, names::Handle) != own.handle) return PyErr_Clear(), false;
  return checked(reinterpret_cast<PyTypeObject*>(own.handle), [&] {
    return is(own.handle, names::run_, own.handle_run) && is(own.handle, names::dunder_init, own.handle_init);
  });
}

struct uvloop_queues {
  PyObject* loop = nullptr;  // only compared
  PyObject* weak = nullptr;  // refers to its queue

  ref of(const own_queue& own, PyObject* asked) {
    ref found = loop == asked ? strong(weak) : ref();
    if (found) return found;
    struct {
      PyTypeObject* deque;
      PyObject* found = nullptr;
      int count = 0;
    } look{own.deque};
    const auto visit = [](PyObject* each, void* arg) {
      auto& looking = *static_cast<decltype(look)*>(arg);
      if (Py_IS_TYPE(each, looking.deque) && ++looking.count > 0) looking.found = each;
      return 0;
    };
    if (Py_TYPE(asked)->tp_traverse) Py_TYPE(asked)->tp_traverse(asked, visit, &look);
    if (look.count != 1) return ref();
    found = ref::borrow(look.found);
    Py_XDECREF(std::exchange(weak, PyWeakref_NewRef(found.get(), nullptr)));
    loop = weak ? asked : nullptr;
    return found;
  }
} uvloops;

}  // namespace

const own_queue* queue() {
  static own_queue found;
  if (!found.looked) {
    const own_queue made = look_for_queue();
    found = made;
  }
  return found.known ? &found : nullptr;
}

bool is_asyncio(const own_queue& own, PyObject* loop) {
  static unchanged checked;
  PyTypeObject* type = Py_TYPE(loop);
  return checked(type, [&] {
    auto* made = reinterpret_cast<PyObject*>(type);
    return is(made, names::run_once, own.run_once) && is(made, names::call_soon_, own.queue_it);
  });
}

ref asyncio_ready(const own_queue& own, PyObject* loop) {
  ref ready(PyObject_GetAttr(loop, names::ready_));
  return ready && Py_IS_TYPE(ready.get(), own.deque) ? std::move(ready) : ref();
}

ref asyncio_queue(const own_queue& own, PyObject* loop) {
  if (!has_own_handles(own) || !is_own_method(loop, names::call_soon, own.call_soon) ||
      !is(loop, names::closed_, Py_False) || !is(loop, names::debug_, Py_False))
    return ref();
  return asyncio_ready(own, loop);
}

PyObject* uvloop_call_soon(PyObject* loop) {
  static unchanged checked;
  static PyObject* function = nullptr;  // which uvloop keeps
  const bool known = checked(Py_TYPE(loop), [&] {
    const ref type = from_loaded("uvloop.loop", "Loop");
    const ref own(type ? PyObject_GetAttr(type.get(), names::call_soon) : nullptr);
    function = own.get();
    return own && is(reinterpret_cast<PyObject*>(Py_TYPE(loop)), names::call_soon, function);
  });
  return known ? function : nullptr;
}

ref uvloop_queue(const own_queue& own, PyObject* loop) { return uvloops.of(own, loop); }
void forget_uvloop_queue() { uvloops.loop = nullptr; }

ref queue_of_loop(const own_queue& own, PyObject* loop) {
  ref ready;
  if (is_asyncio(own, loop)) {
    ready = asyncio_queue(own, loop);
  } else if (PyObject* function = uvloop_call_soon(loop)) {
    if (is_own_method(loop, names::call_soon, function)) ready = uvloop_queue(own, loop);
  }
  PyErr_Clear();
  return ready;
}

}  // namespace interloop::python
