// SPDX-License-Identifier: MIT
// Python's futures, by way of `interloop/_loops.py`.
#include "gil.hpp"

#include <interloop/python_bridge.hpp>

namespace interloop::python {
namespace {

object helper(const char* name) {
  const object module = loops_module();
  return module ? attribute(module, name) : object();
}

// The loop's Python loop; None once that is closed, which the helpers allow for.
PyObject* native_or_none(const loop& core) {
  PyObject* native = native_of(core);
  return native ? native : Py_None;
}

template <class... Args>
void settle(const char* name, PyObject* future, Args*... args) noexcept {
  if (!Py_IsInitialized()) return;
  const gil locked;
  const object function = helper(name);
  if (!function || !call(function, future, args...)) write_unraisable(future);
}

}  // namespace

PyObject* make_native_future(const loop& core, function<void()> on_cancel) {
  const gil locked;
  const object new_future = helper("new_future");
  const object cancelled(make_function([on_cancel = std::move(on_cancel)](PyObject*) mutable { on_cancel(); }));
  if (!new_future || !cancelled) return nullptr;
  return call(new_future, native_or_none(core), cancelled.get()).release();
}

void resolve_native(PyObject* native_future, PyObject* value) noexcept { settle("resolve", native_future, value); }

void reject_native(PyObject* native_future, PyObject* exception, bool report) noexcept {
  settle("reject", native_future, exception ? exception : Py_None, report ? Py_True : Py_False);
}

PyObject* follow_native(const loop& core, PyObject* awaitable, function<void(PyObject*)> on_value,
                        function<void(PyObject*)> on_error) {
  const gil locked;
  const object function = helper("follow");
  const object value(make_function(std::move(on_value)));
  const object error(make_function(std::move(on_error)));
  if (!function || !value || !error) return nullptr;
  return call(function, native_or_none(core), awaitable, value.get(), error.get()).release();
}

bool is_followable(PyObject* candidate) noexcept {
  const gil locked;
  const auto* async = Py_TYPE(candidate)->tp_as_async;
  if (PyCoro_CheckExact(candidate) || (async && async->am_await)) return true;
  return in_python([candidate] { return PyObject_HasAttrString(candidate, "addCallbacks"); }) != 0;
}

}  // namespace interloop::python
