// SPDX-License-Identifier: MIT
// The parts of Twisted that the compiled functions need, looked up when the first of them is needed.
#pragma once

#include "names.hpp"

namespace interloop::python {

/// Strong references, kept for the life of the process.
struct native_twisted {
  PyTypeObject* deferred = nullptr;
  PyTypeObject* failure = nullptr;
  PyObject* ensure_deferred = nullptr;
  PyObject* reactor_time = nullptr;           // the interface, which adapts objects that provide it otherwise
  PyObject* is_coroutine_function = nullptr;  // asyncio's
};

/// Null: the import failed, and an exception is set.
const native_twisted* get_twisted();

/// Whether the calling thread runs the reactor: `threadable.isInIOThread()`, or false if Twisted is not loaded. -1: an
/// exception is set.
int in_io_thread();

}  // namespace interloop::python
