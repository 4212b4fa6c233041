# SPDX-License-Identifier: MIT
"""Methods under a lock; whether threads are threads."""

import _thread
import threading
import types
from functools import wraps


def patched_event():
    """``threading.Event`` if greenlets replace threads (gevent, eventlet), otherwise None."""
    return None if isinstance(_thread.allocate_lock, types.BuiltinFunctionType) else threading.Event


def synchronized(method):
    """Makes a method hold ``self._lock`` while it runs, and marks it with ``synchronized = True``."""

    @wraps(method)
    def locked(self, *args, **kwargs):
        with self._lock:
            return method(self, *args, **kwargs)

    locked.synchronized = True
    return locked
