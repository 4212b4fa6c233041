// SPDX-License-Identifier: MIT
// Python's futures: asyncio's own directly, all others by way of `interloop/_loops.py`.
#include "gil.hpp"
#include "native_call.hpp"
#include "own_futures.hpp"

#include <interloop/python_bridge.hpp>

#include <array>
#include <utility>

namespace interloop::python {
namespace {

// `function(args...)`.
template <class... Args>
object vectorcall(PyObject* function, Args*... args) {
  std::array<PyObject*, sizeof...(Args)> stack{args...};
  return from_python([&] { return PyObject_Vectorcall(function, stack.data(), stack.size(), nullptr); });
}

// The loop's Python loop; None once that is closed, which the helpers allow for.
PyObject* native_or_none(const loop& core) {
  PyObject* native = native_of(core);
  return native ? native : Py_None;
}

}  // namespace

PyObject* make_native_future(const loop& core, function<void()> on_cancel) {
  static PyObject* helper = nullptr;
  const gil locked;
  PyObject* native = native_or_none(core);
  // asyncio calls it whenever the future is done, the helper when it was cancelled.
  const object cancelled(make_function([on_cancel = std::move(on_cancel)](PyObject* done) mutable {
    if (done == Py_None || in_python([done] { return own_future_cancelled(done); })) on_cancel();
  }));
  if (!cancelled) return nullptr;
  PyObject* own = in_python([&] { return make_own_future(native, cancelled.get()); });
  if (own || PyErr_Occurred() || !import_once(helper, "interloop._loops", "new_future")) return own;
  return vectorcall(helper, native, cancelled.get()).release();
}

void resolve_native(PyObject* native_future, PyObject* value) noexcept {
  static PyObject* helper = nullptr;
  if (!Py_IsInitialized()) return;
  const gil locked;
  const int resolved = in_python([=] { return resolve_own_future(native_future, value); });
  if (resolved > 0) return;
  if (resolved < 0 || !import_once(helper, "interloop._loops", "resolve") || !vectorcall(helper, native_future, value))
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

// Null without an exception: it is not a future of asyncio's own, and nothing was moved.
PyObject* follow_own(const loop& core, PyObject* native, PyObject* awaitable, function<void(PyObject*)>& on_value,
                     function<void(PyObject*)>& on_error) {
  const int own = in_python([&] { return is_own_future_of(native, awaitable); });
  if (own <= 0) return nullptr;
  const object done(
      make_function([&core, on_value = std::move(on_value), on_error = std::move(on_error)](PyObject* future) mutable {
        // What follows the value runs in the same call of the native loop.
        const native_call call(core);
        PyObject* found = nullptr;
        const int ended = in_python([&] { return outcome_of_own_future(future, &found); });
        const object outcome(found);
        if (ended >= 0) (ended > 0 ? on_value : on_error)(outcome.get());
      }));
  if (!done || in_python([&] { return follow_own_future(awaitable, done.get()); }) < 0) return nullptr;
  return in_python([&] { return make_canceller(awaitable); });
}

}  // namespace

PyObject* follow_native(const loop& core, PyObject* awaitable, function<void(PyObject*)> on_value,
                        function<void(PyObject*)> on_error) {
  static PyObject* helper = nullptr;
  const gil locked;
  PyObject* native = native_or_none(core);
  if (PyObject* own = follow_own(core, native, awaitable, on_value, on_error); own || PyErr_Occurred()) return own;
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
