// SPDX-License-Identifier: MIT
// Threads that wait until a value has come. The GIL guards this; each thread blocks without the GIL, on one of Python's
// locks, because signals interrupt those. If a library such as gevent or eventlet has replaced threads by greenlets,
// each waits with that library's `threading.Event`: a lock would block all of them.
#pragma once

#include "ref.hpp"

#include <pythread.h>

namespace interloop::python {

struct waiting_thread;

/// All bytes zero: nobody waits.
class waiting_threads {
 public:
  enum class end { woken, timed_out, interrupted, failed };

  /// Blocks this thread, which has the GIL, until `wake_all`, for at most so many microseconds (-1: without limit) or
  /// until a signal arrives. Another thread may have the GIL meanwhile. `failed`: an exception is set.
  end wait(PY_TIMEOUT_T microseconds);

  /// Wakes all threads that wait now. The caller has the GIL, and releases it for a moment.
  void wake_all();

 private:
  end wait_for_event(PY_TIMEOUT_T microseconds);
  bool remove(const waiting_thread& which);

  waiting_thread* first_ = nullptr;
};

/// Releases the GIL for some milliseconds: before an error after which callers may immediately try again, possibly in
/// many threads, while the thread that ends the process needs the GIL now and then. False: an exception is set.
bool rest_before_retrying();

/// If threads are greenlets: `event` is their `threading.Event`, with which all threads wait from now on.
void use_patched_threads(PyObject* event);
/// Whether that was called.
bool threads_are_patched();

}  // namespace interloop::python
