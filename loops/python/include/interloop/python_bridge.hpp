// SPDX-License-Identifier: MIT
// Between C++ futures and Python's, for any binding generator; `interloop/python.hpp` builds on it for nanobind.
//
// Everything needs the GIL. Arguments are borrowed references; returned references are the caller's.
#pragma once

#include <interloop/adapters/python.hpp>
#include <interloop/function.hpp>

namespace interloop::python {

/// A Python function that calls `fn` with its only argument, or with None if it is called without one.
/// An exception from `fn` becomes a Python RuntimeError. Returns null if a Python exception is set.
PyObject* make_function(function<void(PyObject* argument)> fn);

/// A pending asyncio Future or Deferred of the loop that `core` rides on. `on_cancel` is called when Python cancels it;
/// it may not keep the native future. Returns null if a Python exception is set.
PyObject* make_native_future(const loop& core, function<void()> on_cancel);

/// Completes a future made by `make_native_future`; does nothing if it is completed already.
void resolve_native(PyObject* native_future, PyObject* value) noexcept;
/// The same with an exception. With a null `exception`, cancels the future.
/// \param report  whether Python reports the exception if nobody looks at it.
void reject_native(PyObject* native_future, PyObject* exception, bool report) noexcept;

/// Calls `on_value(value)` or `on_error(exception)`, once, when a Python awaitable or Deferred is done; `exception` is
/// None if it was cancelled. Both are destroyed without being called if nothing in Python could complete it any more.
/// Returns an object with `cancel()`, which does not keep the awaitable, or null if a Python exception is set, such as
/// TypeError for something that cannot be awaited.
PyObject* follow_native(const loop& core, PyObject* awaitable, function<void(PyObject*)> on_value,
                        function<void(PyObject*)> on_error);

/// Whether `object` can be followed: an awaitable, or a Deferred.
[[nodiscard]] bool is_followable(PyObject* object) noexcept;

}  // namespace interloop::python
