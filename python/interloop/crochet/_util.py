# SPDX-License-Identifier: MIT
"""Methods under a lock; whether threads are threads."""

import _thread
import threading
import types
from functools import wraps


def patched_event():
    """``threading.Event`` where greenlets are in the place of threads (gevent, eventlet), else None."""
    return None if isinstance(_thread.allocate_lock, types.BuiltinFunctionType) else threading.Event


def synchronized(method):
    """A method that holds ``self._lock`` while it runs, marked by ``synchronized = True``."""

    @wraps(method)
    def locked(self, *args, **kwargs):
        with self._lock:
            return method(self, *args, **kwargs)

    locked.synchronized = True
    return locked
