// SPDX-License-Identifier: MIT
// Threads that wait until something has come. The GIL guards it; each blocks without it, on a lock of Python's, since
// those are interrupted by signals. Where a library has put greenlets in the place of threads, as gevent and eventlet do,
// each waits by that library's `threading.Event`: a lock would block them all.
#pragma once

#include "ref.hpp"

#include <pythread.h>

namespace interloop::python {

struct waiting_thread;

/// All bytes zero: nobody waits.
class waiting_threads {
 public:
  enum class end { woken, timed_out, interrupted, failed };

  /// Blocks this thread, which has the GIL, until `wake_all`, for at most so many microseconds (-1: any time) or until a
  /// signal comes. Another thread may have the GIL in between. `failed`: an exception is set.
  end wait(PY_TIMEOUT_T microseconds);

  /// Wakes all who wait now. The caller has the GIL, and lets it go for a moment.
  void wake_all();

 private:
  end wait_for_event(PY_TIMEOUT_T microseconds);
  bool remove(const waiting_thread& which);

  waiting_thread* first_ = nullptr;
};

/// Lets other threads have the GIL for some milliseconds: before an error after which callers may try again at once, as
/// they do, in many threads, while the one that ends the process needs the GIL now and then.
/// False: an exception is set.
bool rest_before_retrying();

/// Where threads are greenlets: what is `threading.Event` there. From here on, all wait by it.
void use_patched_threads(PyObject* event);
/// Whether that was called.
bool threads_are_patched();

}  // namespace interloop::python
