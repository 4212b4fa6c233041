// SPDX-License-Identifier: MIT
// interloop on Python's loops: asyncio, uvloop, Twisted. Names no Python header: the object type is only declared.
//
// Everything here needs the GIL, except `wake` and `post`, which do not take it: a wake-up is a write to a descriptor
// that the Python loop watches. Callbacks run in the loop's thread with the GIL held.
#pragma once

#include <interloop/bridge.hpp>
#include <interloop/config.hpp>

extern "C" {
typedef struct _object PyObject;
}

namespace interloop {

/// A loop on a Python event loop: an asyncio loop (uvloop's too) or a Twisted reactor; it keeps a reference. Time is
/// the Python loop's, so `task.Clock` moves interloop's timers.
///
/// The application runs the Python loop. Exceptions that escape callbacks go to that loop's own handler: asyncio's
/// `call_exception_handler`, Twisted's log. Close or destroy it before the Python loop is closed, with the GIL held.
/// Thread safety: create it in the thread that runs the Python loop, or before any thread does.
class python_loop : public loop_owner {
 public:
  /// Errors: `usage_error` if `native` is neither; the message names what is missing.
  explicit python_loop(PyObject* native);
};

/// Selects a Python loop for the process. Selecting the same one again has no effect. Errors: `usage_error` if another
/// loop is selected; as `python_loop`.
loop& use_python(PyObject* native);

/// Whether the selected loop is a Python one.
[[nodiscard]] bool using_python() noexcept;

namespace python {

/// The loop on the Python loop that runs here: asyncio's running loop, or otherwise Twisted's reactor if that was
/// imported. Made when first asked for, and closed when the Python loop ends: when that shuts down as under
/// `asyncio.run`; after a bare `loop.close()`, when `current_loop` makes the next one; otherwise when the Python loop
/// is garbage-collected, which this loop does not prevent. A pending C++ future that was passed to Python does prevent
/// it, through its native future.
/// Errors: `usage_error` if there is none.
loop& current_loop();

/// While it exists, `current_loop()` is the default loop: for C++ functions that Python calls.
/// Errors: as `current_loop`. Source: nanobind's `call_guard`.
class in_current_loop {
 public:
  in_current_loop() : scope_(current_loop()) {}

 private:
  current_loop_scope scope_;
};

/// The Python loop that a loop rides on, borrowed; null if it does not ride on one.
[[nodiscard]] PyObject* native_of(const loop& core) noexcept;

}  // namespace python
}  // namespace interloop
