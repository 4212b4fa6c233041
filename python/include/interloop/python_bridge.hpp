// SPDX-License-Identifier: MIT
// Between C++ futures and Python's, for any binding generator; `interloop/python.hpp` builds on it for nanobind.
//
// Needs the GIL throughout. References that come in are borrowed, those that go out are the caller's.
#pragma once

#include <interloop/adapters/python.hpp>
#include <interloop/function.hpp>

namespace interloop::python {

/// A Python function that calls `fn` with its only argument, or with None where it is called without.
/// `fn` may throw: that becomes a Python RuntimeError. Null: a Python exception is set.
/// \param kept  tells Python's garbage collector, which cannot see into C++, what object `fn` alone keeps alive just now,
///              by one reference; null: none. It is called inside the collector, in any thread, and may only look.
PyObject* make_function(function<void(PyObject* argument)> fn, function<PyObject*()> kept = {});

/// A pending asyncio Future or Deferred of the loop that `core` rides on. `on_cancel` is called when Python cancels it;
/// `kept` is for the garbage collector, as above. Null: a Python exception is set.
PyObject* make_native_future(const loop& core, function<void()> on_cancel, function<PyObject*()> kept = {});

/// Completes what `make_native_future` made; nothing if it is completed. `exception` null: cancels it.
void resolve_native(const loop& core, PyObject* native_future, PyObject* value) noexcept;
void reject_native(const loop& core, PyObject* native_future, PyObject* exception) noexcept;

/// Calls `on_value(value)` or `on_error(exception)`, once, when a Python awaitable or Deferred is done; `exception` is
/// None where it was cancelled. What is returned has `cancel()`. Null: a Python exception is set, TypeError where it is
/// no awaitable.
PyObject* follow_native(const loop& core, PyObject* awaitable, function<void(PyObject*)> on_value,
                        function<void(PyObject*)> on_error);

/// Whether `object` can be followed: an awaitable, or a Deferred.
[[nodiscard]] bool is_followable(PyObject* object) noexcept;

}  // namespace interloop::python
