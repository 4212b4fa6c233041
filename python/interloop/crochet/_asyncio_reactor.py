# SPDX-License-Identifier: MIT
"""An asyncio loop with the part of a reactor's interface that EventLoop uses, so that EventLoop supports both."""

import asyncio
import functools
import logging
import threading

from interloop.crochet._errors import ReactorStopped

_logger = logging.getLogger("interloop.crochet")


class AsyncioReactor:
    """Drives a loop of its own in ``run``, or follows one that the application runs.

    Functions for ``call_in_loop`` arrive through ``callFromThread`` from any thread. When the loop ends, the triggers
    "before" and "after" "shutdown" are called, once, so that no thread waits forever.
    """

    def __init__(self, loop, owned):
        self.loop = loop
        self._owned = owned
        self._thread = None
        self._triggers = {"before": [], "after": []}
        if not owned:
            if asyncio._get_running_loop() is loop:
                self._thread = threading.get_ident()  # set already, so that a wait in this step is refused
            loop.call_soon_threadsafe(self._follow)

    def _in_loop_thread(self):
        return self._thread == threading.get_ident()

    def callFromThread(self, f, *args, **kwargs):  # noqa: N802  Twisted's name
        """Calls ``f`` soon, in the loop's thread. ReactorStopped if the loop is closed."""
        try:
            if kwargs:
                self.loop.call_soon_threadsafe(functools.partial(f, *args, **kwargs))
            else:
                self.loop.call_soon_threadsafe(f, *args)
        except RuntimeError:
            if self.loop.is_closed():
                raise ReactorStopped("the asyncio loop is closed") from None
            raise

    def addSystemEventTrigger(self, when, event, f, *args, **kwargs):  # noqa: N802  Twisted's name
        self._triggers[when].append(lambda: f(*args, **kwargs))

    @property
    def threadpool(self):
        """The default executor, if there is one and it can be found."""
        return getattr(self.loop, "_default_executor", None)

    def stop(self):
        """Ends ``run``. Call it in the loop's thread."""
        self.loop.stop()

    def run(self, installSignalHandlers=False):  # noqa: N803  Twisted's name
        """Runs the loop in this thread until ``stop``; then cancels what is left in it and closes it."""
        self._thread = threading.get_ident()
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
        finally:
            self._fire("before")
            try:
                self._finish()
            finally:
                self.loop.close()
                self._thread = None
                self._fire("after")

    def _finish(self):
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())

    def _fire(self, when):
        waiting, self._triggers[when] = self._triggers[when], []
        for trigger in waiting:
            try:
                trigger()
            except Exception:
                _logger.exception("a function registered for shutdown failed")

    def _follow(self):
        """Runs in the application's loop: learns its thread, and learns of its end as asynchronous generators do."""
        self._thread = threading.get_ident()

        async def until_the_end():
            try:
                yield
            finally:
                self._thread = None
                self._fire("before")
                self._fire("after")

        self._generator = until_the_end()
        self._follower = self.loop.create_task(anext(self._generator))
