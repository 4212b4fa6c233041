// SPDX-License-Identifier: MIT
// Python's futures: asyncio's own directly, all others by way of `interloop/_loops.py`.
#include "gil.hpp"

#include <interloop/python_bridge.hpp>

#include <array>
#include <utility>

namespace interloop::python {
namespace {

// asyncio's own future and the methods of it that are called here, which all futures of exactly that type have. Strong
// references, kept for the life of the process.
struct asyncio_future {
  PyTypeObject* type = nullptr;
  PyTypeObject* loop = nullptr;  // AbstractEventLoop
  PyObject* cancelled_error = nullptr;
  PyObject* add_done_callback = nullptr;
  PyObject* remove_done_callback = nullptr;
  PyObject* cancelled = nullptr;
  PyObject* done = nullptr;
  PyObject* exception = nullptr;
  PyObject* get_loop = nullptr;
  PyObject* result = nullptr;
  PyObject* set_result = nullptr;
};

// Null: an exception is set.
const asyncio_future* own_future() {
  static asyncio_future found;
  if (found.set_result) return &found;
  const object module = from_python([] { return PyImport_ImportModule("asyncio"); });
  if (!module) return nullptr;
  asyncio_future made;
  made.type = reinterpret_cast<PyTypeObject*>(attribute(module, "Future").release());
  made.loop = reinterpret_cast<PyTypeObject*>(attribute(module, "AbstractEventLoop").release());
  made.cancelled_error = attribute(module, "CancelledError").release();
  if (!made.type || !made.loop || !made.cancelled_error) return nullptr;
  const object type = object::borrow(reinterpret_cast<PyObject*>(made.type));
  const auto take = [&](const char* name) { return attribute(type, name).release(); };
  made.add_done_callback = take("add_done_callback");
  made.remove_done_callback = take("remove_done_callback");
  made.cancelled = take("cancelled");
  made.done = take("done");
  made.exception = take("exception");
  made.get_loop = take("get_loop");
  made.result = take("result");
  made.set_result = take("set_result");
  if (!made.add_done_callback || !made.remove_done_callback || !made.cancelled || !made.done || !made.exception ||
      !made.get_loop || !made.result || !made.set_result)
    return nullptr;
  found = made;
  return &found;
}

// `function(args...)`.
template <class... Args>
object vectorcall(PyObject* function, Args*... args) {
  std::array<PyObject*, sizeof...(Args)> stack{args...};
  return from_python([&] { return PyObject_Vectorcall(function, stack.data(), stack.size(), nullptr); });
}

bool is_true(const object& answer) { return answer.get() == Py_True; }

// The asyncio future of `loop`, if `future` is one of exactly asyncio's type; otherwise null.
const asyncio_future* own_future_of(PyObject* future, PyObject* loop) {
  const asyncio_future* own = own_future();
  const object its = own && Py_IS_TYPE(future, own->type) ? vectorcall(own->get_loop, future) : object();
  PyErr_Clear();
  return its && its.get() == loop ? own : nullptr;
}

// The loop's Python loop; None once that is closed, which the helpers allow for.
PyObject* native_or_none(const loop& core) {
  PyObject* native = native_of(core);
  return native ? native : Py_None;
}

// Takes away what tells C++ of a cancellation, which cannot happen any more: the loop would call it in vain.
void drop_notice(const asyncio_future& own, PyObject* future) {
  static PyObject* name = nullptr;
  const object all = from_python([&] { return PyObject_GetAttr(future, interned(name, "_callbacks")); });
  if (all && PyList_CheckExact(all.get()) && PyList_GET_SIZE(all.get()) > 0) {
    PyObject* first = PyList_GET_ITEM(all.get(), 0);
    PyObject* notice = PyTuple_CheckExact(first) && PyTuple_GET_SIZE(first) > 0 ? PyTuple_GET_ITEM(first, 0) : nullptr;
    if (notice && is_cpp_function(notice)) vectorcall(own.remove_done_callback, future, notice);
  }
  PyErr_Clear();
}

// Whether it has done all: `future` is asyncio's own. False also if an exception is set.
bool resolve_own(PyObject* future, PyObject* value) {
  const asyncio_future* own = own_future();
  if (!own || !Py_IS_TYPE(future, own->type)) return false;
  const object done = vectorcall(own->done, future);
  if (!done || is_true(done)) return static_cast<bool>(done);
  drop_notice(*own, future);
  return static_cast<bool>(vectorcall(own->set_result, future, value));
}

}  // namespace

PyObject* make_native_future(const loop& core, function<void()> on_cancel) {
  static PyObject* helper = nullptr;
  const gil locked;
  PyObject* native = native_or_none(core);
  const asyncio_future* own = own_future();
  if (!own) return nullptr;
  if (PyObject_TypeCheck(native, own->loop)) {
    static PyObject* create = nullptr;
    object future = from_python([&] { return PyObject_CallMethodNoArgs(native, interned(create, "create_future")); });
    if (future && Py_IS_TYPE(future.get(), own->type)) {
      const object cancelled(make_function([own, on_cancel = std::move(on_cancel)](PyObject* done) mutable {
        const object answer = vectorcall(own->cancelled, done);
        if (is_true(answer)) on_cancel();
      }));
      const object added = cancelled ? vectorcall(own->add_done_callback, future.get(), cancelled.get()) : object();
      return added ? future.release() : nullptr;
    }
    if (!future) return nullptr;
  }
  const object cancelled(make_function([on_cancel = std::move(on_cancel)](PyObject*) mutable { on_cancel(); }));
  if (!cancelled || !import_once(helper, "interloop._loops", "new_future")) return nullptr;
  return vectorcall(helper, native, cancelled.get()).release();
}

void resolve_native(PyObject* native_future, PyObject* value) noexcept {
  static PyObject* helper = nullptr;
  if (!Py_IsInitialized()) return;
  const gil locked;
  if (resolve_own(native_future, value)) return;
  if (PyErr_Occurred() || !import_once(helper, "interloop._loops", "resolve") ||
      !vectorcall(helper, native_future, value))
    write_unraisable(native_future);
}

void reject_native(PyObject* native_future, PyObject* exception, bool report) noexcept {
  static PyObject* helper = nullptr;
  if (!Py_IsInitialized()) return;
  const gil locked;
  if (!import_once(helper, "interloop._loops", "reject") ||
      !vectorcall(helper, native_future, exception ? exception : Py_None, report ? Py_True : Py_False))
    write_unraisable(native_future);
}

namespace {

// The done callback of asyncio's own future, that tells C++.
PyObject* make_follower(const asyncio_future& own, function<void(PyObject*)> on_value,
                        function<void(PyObject*)> on_error) {
  return make_function(
      [own = &own, on_value = std::move(on_value), on_error = std::move(on_error)](PyObject* done) mutable {
        const object error = vectorcall(own->exception, done);
        if (!error) {
          if (!PyErr_ExceptionMatches(own->cancelled_error)) return;
          PyErr_Clear();
          return on_error(Py_None);
        }
        if (error.get() != Py_None) return on_error(error.get());
        const object value = vectorcall(own->result, done);
        if (value) on_value(value.get());
      });
}

}  // namespace

PyObject* follow_native(const loop& core, PyObject* awaitable, function<void(PyObject*)> on_value,
                        function<void(PyObject*)> on_error) {
  static PyObject *helper = nullptr, *followed = nullptr;
  const gil locked;
  PyObject* native = native_or_none(core);
  if (const asyncio_future* own = own_future_of(awaitable, native)) {
    const object done(make_follower(*own, std::move(on_value), std::move(on_error)));
    const object added = done ? vectorcall(own->add_done_callback, awaitable, done.get()) : object();
    if (!added || !import_once(followed, "interloop._loops", "_Followed")) return nullptr;
    return vectorcall(followed, awaitable).release();
  }
  const object value(make_function(std::move(on_value)));
  const object error(make_function(std::move(on_error)));
  if (!value || !error || !import_once(helper, "interloop._loops", "follow")) return nullptr;
  return vectorcall(helper, native, awaitable, value.get(), error.get()).release();
}

bool is_followable(PyObject* candidate) noexcept {
  const gil locked;
  const auto* async = Py_TYPE(candidate)->tp_as_async;
  if (PyCoro_CheckExact(candidate) || (async && async->am_await)) return true;
  return in_python([candidate] { return PyObject_HasAttrString(candidate, "addCallbacks"); }) != 0;
}

}  // namespace interloop::python
