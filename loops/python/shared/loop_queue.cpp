// SPDX-License-Identifier: MIT
#include "loop_queue.hpp"

#include "row.hpp"
#include "unchanged.hpp"

#include <array>
#include <cstddef>
#include <cstring>
#include <utility>

namespace interloop::python {
namespace {

// What is put off, and the loop; neither is shared with another copy of this library.
row* put_off_row = nullptr;
PyObject* put_off_loop = nullptr;

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
    found.ready = uvloop_queue(own, loop);
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
  if (!own || calls_follow()) return false;
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
