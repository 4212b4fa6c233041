// SPDX-License-Identifier: MIT
//
// `Future.set_result` calls `loop.call_soon` for each callback, and that makes a handle, which the loop runs: most of
// what a callback costs, on asyncio all in Python. Here one object is queued for a row of calls. On asyncio it is the
// handle itself, of which the loop wants `_cancelled` and `_run()`; uvloop makes a handle for it.
//
// A row gets another call as long as it is the last in the queue and nothing was taken from the queue since the row was
// put there. So each call keeps its place among the loop's others, and its iteration.
#include "loop_queue.hpp"

#include "type.hpp"
#include "unchanged.hpp"

#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <vector>

namespace interloop::python {
namespace {

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

// ---- Rows of calls

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
  PyObject* handle;   // uvloop's, which keeps this; null: this is in the queue itself
  PyObject* last;     // the callback that was called last, which debug messages name
  std::size_t next;   // of the calls
  Py_ssize_t length;  // of the queue when this was put at its end
  std::vector<one_call> calls;
};

PyTypeObject* row_type = nullptr;
row* open_row = nullptr;                  // which may get other calls; it says so when it goes
thread_local row* running_row = nullptr;  // its calls are being called in this thread

// What is put off, and the loop; neither is shared with another copy of this library.
row* put_off_row = nullptr;
PyObject* put_off_loop = nullptr;

PyObject* object_of(row* self) { return reinterpret_cast<PyObject*>(self); }

// Memory of rows that have gone, for the next ones; it refers to nothing.
constexpr std::size_t most_spares = 16, most_spare_calls = 256;
std::array<row*, most_spares> spares{};
std::size_t spare_count = 0;

// Takes the next call out of the row.
one_call take_next(row* self) { return std::exchange(self->calls[self->next++], one_call{}); }
void drop(const one_call& gone) {
  Py_XDECREF(gone.callback);
  Py_XDECREF(gone.argument);
  Py_XDECREF(gone.context);
}

struct garbage {
  using fields = collected<row, &row::cancelled, &row::loop, &row::last>;
  static int traverse(PyObject* object, visitproc visit, void* arg) {
    for (const one_call& each : reinterpret_cast<row*>(object)->calls) {
      Py_VISIT(each.callback);
      Py_VISIT(each.argument);
      Py_VISIT(each.context);
    }
    return fields::traverse(object, visit, arg);
  }
  static int clear(PyObject* object) {
    auto* self = reinterpret_cast<row*>(object);
    if (open_row == self) open_row = nullptr;
    while (self->next < self->calls.size()) drop(take_next(self));
    return fields::clear(object);
  }
  static void destroy(PyObject* object) {
    PyObject_GC_UnTrack(object);
    clear(object);
    auto* self = reinterpret_cast<row*>(object);
    self->calls.clear();
    if (spare_count < spares.size() && self->calls.capacity() <= most_spare_calls) {
      spares[spare_count++] = self;
      Py_DECREF(Py_TYPE(object));
      return;
    }
    std::destroy_at(&self->calls);
    free_object(object);
  }
};

ref make_handle(const own_queue& own, PyObject* callback, PyObject* argument, PyObject* loop, PyObject* context) {
  const ref args(PyTuple_Pack(1, argument));
  return args ? call(own.handle, callback, args.get(), loop, context) : ref();
}

// Raises what a callback has raised, to a handle of asyncio's own, which names the callback. `given`: exception,
// callback, handle.
PyObject* raise_again(PyObject* given, PyObject*) {
  if (PyObject_SetAttr(PyList_GET_ITEM(given, 2), names::callback_, PyList_GET_ITEM(given, 1)) < 0) return nullptr;
  put_exception(ref::borrow(PyList_GET_ITEM(given, 0)));
  return nullptr;
}
PyMethodDef raise_again_definition{"raise_again", &raise_again, METH_O, nullptr};

// What uvloop's handle does with an exception.
bool report_as_uvloop(const own_queue& own, PyObject* loop, const one_call& from, ref raised) {
  for (PyObject* ends : {PyExc_KeyboardInterrupt, PyExc_SystemExit})
    if (PyErr_GivenExceptionMatches(raised.get(), ends)) return put_exception(std::move(raised)), false;
  const handling within(raised.get());
  const ref handle = make_handle(own, from.callback, from.argument, loop, from.context);
  if (!handle) return false;
  const ref context(Py_BuildValue("{s:N,s:O,s:O}", "message",
                                  PyUnicode_FromFormat("Exception in callback %S", from.callback), "exception",
                                  raised.get(), "handle", handle.get()));
  return context && call_method(loop, names::handle_exception, context.get());
}

bool is_asyncio(const own_queue& own, PyObject* loop);

// Reports what is raised as the loop's own handle would; asyncio's does it. False: an exception is set, which ends the
// loop.
bool report(const own_queue& own, PyObject* loop, const one_call& from) {
  ref raised = take_exception();
  if (!is_asyncio(own, loop)) return report_as_uvloop(own, loop, from, std::move(raised));
  const ref given(PyList_New(3));
  if (!given) return false;
  PyList_SET_ITEM(given.get(), 0, Py_NewRef(raised.get()));
  PyList_SET_ITEM(given.get(), 1, Py_NewRef(from.callback));
  const ref raise(PyCFunction_New(&raise_again_definition, given.get()));
  const ref handle = raise ? make_handle(own, raise.get(), from.argument, loop, from.context) : ref();
  if (!handle) return false;
  PyList_SET_ITEM(given.get(), 2, Py_NewRef(handle.get()));
  const bool told = static_cast<bool>(call_method(handle.get(), names::run_));
  Py_DECREF(PyList_GET_ITEM(given.get(), 2));  // which keeps the list
  PyList_SET_ITEM(given.get(), 2, nullptr);
  return told;
}

// `Handle(callback, (argument,), loop, context)._run()`.
bool call_one(const own_queue& own, PyObject* loop, const one_call& each) {
  if (PyContext_Enter(each.context) < 0) {  // it is entered already, which asyncio reports
    PyErr_Clear();
    const ref handle = make_handle(own, each.callback, each.argument, loop, each.context);
    return handle && call_method(handle.get(), names::run_);
  }
  const ref answer = call(each.callback, each.argument);
  if (answer) return PyContext_Exit(each.context) == 0 || (PyErr_Clear(), true);
  ref raised = take_exception();
  if (PyContext_Exit(each.context) < 0) PyErr_Clear();
  put_exception(std::move(raised));
  return report(own, loop, each);
}

ref queue_of_loop(const own_queue& own, PyObject* loop);

void put_first(const own_queue& own, row* self);

// Calls what has not been called yet.
PyObject* run(row* self) {
  const own_queue* own = queue();
  const ref kept = ref::borrow(object_of(self)), loop = ref::borrow(self->loop);
  if (!own || !loop) Py_RETURN_NONE;
  if (open_row == self) open_row = nullptr;
  row* const outer = std::exchange(running_row, self);
  bool done = true;
  while (done && self->next < self->calls.size()) {
    const one_call each = take_next(self);
    if (!each.callback) continue;  // the garbage collector was here
    const ref before(std::exchange(self->last, Py_NewRef(each.callback)));
    done = call_one(*own, loop.get(), each);
    drop(each);
  }
  running_row = outer;
  if (done) Py_RETURN_NONE;
  if (self->next < self->calls.size()) {
    ref raised = take_exception();
    put_first(*own, self);
    put_exception(std::move(raised));
  }
  return nullptr;
}

PyObject* run_as_function(PyObject* object, PyObject* const*, std::size_t, PyObject*) {
  return run(reinterpret_cast<row*>(object));
}

PyObject* callback_now(row* self) {
  if (self->last) return self->last;
  PyObject* first = self->next < self->calls.size() ? self->calls[self->next].callback : nullptr;
  return first ? first : Py_None;
}
PyObject* callback_of_handle(PyObject* object, void*) {
  return Py_NewRef(callback_now(reinterpret_cast<row*>(object)));
}
PyObject* none(PyObject*, void*) { return Py_NewRef(Py_None); }
PyObject* describe(PyObject* object) {  // seen in asyncio's debug messages
  return PyUnicode_FromFormat("<queued %R>", callback_now(reinterpret_cast<row*>(object)));
}

// What a loop, or its debug mode, wants of a handle.
std::array<PyMethodDef, 2> methods{{
    INTERLOOP_PYTHON_PLAIN(row, "_run", run, "What the loop calls."),
    {nullptr, nullptr, 0, nullptr},
}};
std::array<PyGetSetDef, 3> properties{{
    {"_callback", &callback_of_handle, nullptr, nullptr, nullptr},
    {"_source_traceback", &none, nullptr, nullptr, nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
}};

ref make_row(PyObject* loop) {
  if (!row_type)
    row_type = make_class<row, garbage>(nullptr, "interloop.queued",
                                        {{Py_tp_repr, reinterpret_cast<void*>(&describe)},
                                         {Py_tp_methods, methods.data()},
                                         {Py_tp_getset, properties.data()}},
                                        {{"_cancelled", T_OBJECT_EX, offsetof(row, cancelled), READONLY, nullptr}},
                                        Py_TPFLAGS_DISALLOW_INSTANTIATION);
  if (!row_type) return ref();
  row* self = nullptr;
  if (spare_count > 0) {
    self = spares[--spare_count];
    PyObject_Init(object_of(self), row_type);
    PyObject_GC_Track(self);
  } else {
    self = allocate<row>(row_type);
    if (!self) return ref();
    std::construct_at(&self->calls);
  }
  self->vectorcall = &run_as_function;
  self->cancelled = Py_NewRef(Py_False);
  self->loop = Py_NewRef(loop);
  self->handle = nullptr;
  self->next = 0;
  return ref(object_of(self));
}

// ---- The loops' queues

// Whether the class of `loop` leaves its queue to asyncio.
bool is_asyncio(const own_queue& own, PyObject* loop) {
  static unchanged checked;
  PyTypeObject* type = Py_TYPE(loop);
  return checked(type, [&] {
    auto* made = reinterpret_cast<PyObject*>(type);
    return is(made, names::run_once, own.run_once) && is(made, names::call_soon_, own.queue_it);
  });
}

// `loop._ready`, if that is a deque.
ref asyncio_ready(const own_queue& own, PyObject* loop) {
  ref ready(PyObject_GetAttr(loop, names::ready_));
  return ready && Py_IS_TYPE(ready.get(), own.deque) ? std::move(ready) : ref();
}

// The same, if the loop would do nothing except append to it.
ref asyncio_queue(const own_queue& own, PyObject* loop) {
  if (!has_own_handles(own) || !is_own_method(loop, names::call_soon, own.call_soon) ||
      !is(loop, names::closed_, Py_False) || !is(loop, names::debug_, Py_False))
    return ref();
  return asyncio_ready(own, loop);
}

// `call_soon` of uvloop, if the class of `loop` leaves it to that; otherwise null.
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

// The queue of uvloop's loop: the one deque among all that the loop tells the garbage collector of. It is only looked
// at; that it is the queue shows when `call_soon` has appended to it.
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

ref queue_of_loop(const own_queue& own, PyObject* loop) {
  ref ready;
  if (is_asyncio(own, loop)) {
    ready = asyncio_queue(own, loop);
  } else if (PyObject* function = uvloop_call_soon(loop)) {
    if (is_own_method(loop, names::call_soon, function)) ready = uvloops.of(own, loop);
  }
  PyErr_Clear();
  return ready;
}

bool is_last(PyObject* ready, row* self) {
  const Py_ssize_t length = PyObject_Size(ready);
  if (length != self->length || length < 1) return false;
  const ref last(PySequence_GetItem(ready, length - 1));
  return last.get() == (self->handle ? self->handle : object_of(self));
}

// Puts a row at the end of the queue. False: an exception is set.
bool append(const own_queue& own, PyObject* ready, row* self) {
  if (is_asyncio(own, self->loop)) {
    if (!call(own.append, ready, object_of(self))) return false;
  } else {
    const ref handle = call_method(self->loop, names::call_soon, object_of(self));
    if (!handle) return false;
    self->handle = handle.get();
  }
  self->length = PyObject_Size(ready);
  if (is_last(ready, self)) {
    open_row = self;
  } else {
    uvloops.loop = nullptr;  // that was not the queue
  }
  return true;
}

// Queues what has not been called yet before all else. Sets no exception.
void put_first(const own_queue& own, row* self) {
  const bool asyncio = is_asyncio(own, self->loop);
  if (const ref ready = asyncio ? asyncio_ready(own, self->loop) : queue_of_loop(own, self->loop)) {
    if (asyncio) {
      call_method(ready.get(), names::appendleft, object_of(self));
    } else if (append(own, ready.get(), self)) {
      call_method(ready.get(), names::rotate);
    }
    open_row = nullptr;  // the length of the queue says no more what was taken from it
    return PyErr_Clear();
  }
  PyErr_Clear();
  while (self->next < self->calls.size()) {  // the loop's class has changed, say
    const one_call each = take_next(self);
    static PyObject* keywords = nullptr;
    if (!keywords) keywords = PyTuple_Pack(1, names::context);
    PyObject* stack[] = {self->loop, each.callback, each.argument, each.context};
    if (keywords) ref(PyObject_VectorcallMethod(names::call_soon, stack, 3, keywords));
    PyErr_Clear();  // the loop is closed
    drop(each);
  }
}

// The row that may get another call: the one that is put off, which may have to be made, or the last in the queue. Null:
// there is none; an exception may be set.
row* row_for(PyObject* loop, PyObject* ready, bool may_put_off) {
  if (may_put_off && put_off_loop == loop && PyObject_Size(ready) == 0) {
    if (!put_off_row) put_off_row = reinterpret_cast<row*>(make_row(loop).release());
    return put_off_row;
  }
  return open_row && open_row->loop == loop && is_last(ready, open_row) ? open_row : nullptr;
}

// Whether a row that was found is still what it was. To find its place may start a garbage collection, and a finalizer
// may close the loop.
bool is_open(const row* found, PyObject* loop) {
  return found && (found == open_row || found == put_off_row) && found->loop == loop;
}

// Where calls can be queued.
struct place {
  ref ready;  // none: nowhere
  row* open = nullptr;
};

// uvloop's `call_soon` costs less than a row of one call, so a row begins with the second call: at the first one, the
// length that the queue has afterwards is noted.
Py_ssize_t length_after_one = -1;

place place_in(const own_queue& own, PyObject* loop, bool may_put_off) {
  place found;
  if (is_asyncio(own, loop)) {
    found.ready = asyncio_queue(own, loop);
    if (found.ready) found.open = row_for(loop, found.ready.get(), may_put_off);
  } else if (PyObject* function = uvloop_call_soon(loop)) {
    found.ready = uvloops.of(own, loop);
    if (found.ready) found.open = row_for(loop, found.ready.get(), may_put_off);
    if (found.ready && !found.open) {
      const Py_ssize_t length = PyObject_Size(found.ready.get());
      const bool second = length == length_after_one;
      length_after_one = second ? -1 : length + 1;
      if (!second || call_method(loop, names::get_debug).get() != Py_False) found.ready = ref();
    }
    if (found.ready && !is_own_method(loop, names::call_soon, function)) found.ready = ref();
  }
  PyErr_Clear();
  return found;
}

bool queue_one(const own_queue& own, PyObject* loop, place& in, const one_call& what) {
  if (!in.open) {
    const ref made = make_row(loop);
    if (!made || !append(own, in.ready.get(), reinterpret_cast<row*>(made.get()))) return false;
    in.open = reinterpret_cast<row*>(made.get());  // which the queue keeps
  }
  in.open->calls.push_back({Py_NewRef(what.callback), Py_NewRef(what.argument), Py_NewRef(what.context)});
  return true;
}

// ---- Callbacks of futures

// Whether it is found again, to be removed, without calling code of its own; and is nothing of the C++ adapter, which
// relies on being called by the loop alone (`put_off`).
bool can_be_moved(PyObject* callback) {
  if (PyFunction_Check(callback) || PyMethod_Check(callback) || PyCFunction_CheckExact(callback)) return true;
  return std::strncmp(Py_TYPE(callback)->tp_name, "interloop._core.", 16) == 0;
}

// What is due when the future is done: callbacks and their contexts.
struct due {
  static constexpr Py_ssize_t most = 4;  // each is searched for when it is removed
  std::array<ref, most> callbacks, contexts;
  std::size_t count = 0;

  // False: there are none, or others than can be moved.
  bool take(PyObject* future) {
    const ref all(PyObject_GetAttr(future, names::callbacks_));
    if (!all) PyErr_Clear();
    if (!all || !PyList_CheckExact(all.get())) return false;
    const Py_ssize_t found = PyList_GET_SIZE(all.get());
    if (found < 1 || found > most) return false;
    for (Py_ssize_t i = 0; i < found; ++i) {
      PyObject* pair = PyList_GET_ITEM(all.get(), i);
      if (!PyTuple_CheckExact(pair) || PyTuple_GET_SIZE(pair) != 2) return false;
      PyObject *callback = PyTuple_GET_ITEM(pair, 0), *context = PyTuple_GET_ITEM(pair, 1);
      if (!can_be_moved(callback) || !PyContext_CheckExact(context)) return false;
      callbacks[count] = ref::borrow(callback);
      contexts[count++] = ref::borrow(context);
    }
    return true;
  }
};

}  // namespace

int complete_and_queue(const native_asyncio& asyncio, const future_method& complete, PyObject* future,
                       PyObject* outcome) {
  const own_queue* own = Py_IS_TYPE(future, asyncio.future) ? queue() : nullptr;
  const ref loop = own ? asyncio.get_loop.call_own(future) : ref();
  if (!loop) return PyErr_Clear(), 0;
  place in = place_in(*own, loop.get(), true);
  due waiting;
  if (!in.ready || !waiting.take(future)) return 0;
  for (std::size_t i = 0; i < waiting.count; ++i)
    if (!asyncio.remove_done_callback.call_own(future, waiting.callbacks[i].get())) return -1;
  if (!complete.call_own(future, outcome)) return -1;
  if (!is_open(in.open, loop.get())) in.open = nullptr;
  for (std::size_t i = 0; i < waiting.count; ++i)
    if (!queue_one(*own, loop.get(), in, {waiting.callbacks[i].get(), future, waiting.contexts[i].get()})) return -1;
  return 1;
}

int queue_call(PyObject* loop, PyObject* callback, PyObject* argument, PyObject* context) {
  const own_queue* own = queue();
  place in = own ? place_in(*own, loop, false) : place();
  if (!in.ready) return 0;
  return queue_one(*own, loop, in, {callback, argument, context}) ? 1 : -1;
}

bool put_off(PyObject* loop) {
  const own_queue* own = put_off_loop ? nullptr : queue();
  if (!own || (running_row && running_row->next < running_row->calls.size())) return false;
  const ref ready = queue_of_loop(*own, loop);
  if (!ready || PyObject_Size(ready.get()) > 0 || put_off_loop) return false;  // another thread may have been here
  put_off_loop = Py_NewRef(loop);
  return true;
}

bool call_put_off() {
  const ref loop(std::exchange(put_off_loop, nullptr));
  const ref made(reinterpret_cast<PyObject*>(std::exchange(put_off_row, nullptr)));
  const own_queue* own = queue();
  if (!made || !own) return true;
  auto* self = reinterpret_cast<row*>(made.get());
  ref before = PyErr_Occurred() ? take_exception() : ref();
  const ref ready = queue_of_loop(*own, loop.get());
  const bool asyncio = is_asyncio(*own, loop.get());
  bool done = true;
  if (ready && PyObject_Size(ready.get()) == 0 && !(asyncio && is(loop.get(), names::stopping_, Py_True))) {
    done = static_cast<bool>(ref(run(self)));
  } else {
    put_first(*own, self);
  }
  if (done && before) put_exception(std::move(before));
  return done;
}

}  // namespace interloop::python
