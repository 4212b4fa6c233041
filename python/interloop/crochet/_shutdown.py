# SPDX-License-Identifier: MIT
"""What happens when the main thread ends. ``atexit`` is too late: it waits for all other threads first."""

import logging
import sys
import threading
import time

from interloop.crochet._util import patched_event


class Watchdog(threading.Thread):
    """Calls a function when a thread has ended. Sleeps until then without waking up in between."""

    def __init__(self, canary, shutdown_function):
        super().__init__(name="CrochetShutdownWatchdog")
        self._canary = canary
        self._shutdown_function = shutdown_function

    def start(self):
        """From 3.13 on, gevent's main thread looks ended only briefly, which a greenlet may miss: use atexit there."""
        if patched_event() and sys.version_info >= (3, 13):
            threading._register_atexit(self._shutdown_function)
        else:
            super().start()

    def run(self):
        if isinstance(self._canary, threading.Thread):
            self._canary.join()
        while self._canary.is_alive():  # another object with is_alive(), which must be polled
            time.sleep(0.05)
        self._shutdown_function()


class FunctionRegistry:
    """Functions to be called together, the last added first."""

    def __init__(self):
        self._functions = []

    def register(self, f, *args, **kwargs):
        """Adds a call to be made by ``run``."""
        self._functions.append(lambda: f(*args, **kwargs))

    def run(self):
        """Makes all calls, even if one of them raises."""
        for function in reversed(self._functions):
            try:
                function()
            except Exception:
                _log_error()


def _log_error():
    if "twisted" in sys.modules:
        from twisted.python import log

        log.err()
    else:
        logging.getLogger("interloop.crochet").exception("a function registered for shutdown failed")


_registry = FunctionRegistry()
_watchdog = Watchdog(threading.main_thread(), _registry.run)
register = _registry.register
