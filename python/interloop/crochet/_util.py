# SPDX-License-Identifier: MIT
"""Methods under a lock."""

from functools import wraps


def synchronized(method):
    """A method that holds ``self._lock`` while it runs, marked by ``synchronized = True``."""

    @wraps(method)
    def locked(self, *args, **kwargs):
        with self._lock:
            return method(self, *args, **kwargs)

    locked.synchronized = True
    return locked
