// SPDX-License-Identifier: MIT
// What Deferreds and failures do most, without the Python code of Twisted's classes. That takes over where there is more
// to do: chained Deferreds, exceptions of callbacks, Deferreds that are paused, the debug mode, other releases of
// Twisted, and derived or changed classes.
#pragma once

#include "native_twisted.hpp"

namespace interloop::python {

bool make_twisted_chain_type(PyObject* module);

/// `Deferred(canceller)`; null is None.
ref new_deferred(const native_twisted& twisted, PyObject* canceller = nullptr);
/// `defer.succeed(result)`.
ref succeeded(const native_twisted& twisted, PyObject* result);
/// `Failure(exception)`.
ref new_failure(const native_twisted& twisted, PyObject* exception);
/// `deferred.callback(result)`.
bool call_back(const native_twisted& twisted, PyObject* deferred, PyObject* result);
/// `deferred.errback(failure)`, of a Failure.
bool err_back(const native_twisted& twisted, PyObject* deferred, PyObject* failure);
/// `deferred.addCallbacks(callback, errback)`, or `deferred.addErrback(errback)` if `callback` is None.
bool add_to_chain(const native_twisted& twisted, PyObject* deferred, PyObject* callback, PyObject* errback);

}  // namespace interloop::python
