# SPDX-License-Identifier: MIT
"""An event loop in a thread, and functions that run in it for other threads.

The results and the decorated functions are compiled. Here is what happens once per process: setting up, logging.
"""

import os
import threading
import warnings
from queue import Empty, SimpleQueue

from interloop import _core
from interloop._core import EventualResult
from interloop.crochet._errors import ReactorStopped, TimeoutError
from interloop.crochet._resultstore import ResultStore
from interloop.crochet._util import patched_event, synchronized

__all__ = ["EventLoop", "EventualResult", "ReactorStopped", "ResultRegistry", "ThreadLogObserver", "TimeoutError"]

EventualResult.__module__ = "interloop.crochet"
_store = ResultStore()


class ResultRegistry:
    """The results that threads wait for, so that the end of the loop ends their waiting. Any thread."""

    def __init__(self, failure=None):
        self._results = _core.ResultSet()
        self._lock = threading.Lock()
        self._failure = failure or _twisted_failure

    @synchronized
    def register(self, result):
        """Adds a weak reference to a result. ReactorStopped if the loop has ended."""
        self._results.add(result)

    @synchronized
    def stop(self):
        """Fails all pending results with ReactorStopped. The loop's thread."""
        self._results.stop(self._failure(ReactorStopped("the loop has stopped: there will be no result")))


def _twisted_failure(error):
    from twisted.python.failure import Failure

    return Failure(error)


def _asyncio_failure(error):
    return _core.FailedFuture(type(error), error, None)


_STOP = object()


class ThreadLogObserver:
    """Calls an observer of Twisted's log in a thread, so that a slow handler does not hold up the loop.

    Once that thread has ended, with the loop, the logging thread calls the observer, so no message is lost. Messages
    that the observer itself causes are not passed to it again: a handler that writes to standard error would never end
    if that is redirected into Twisted's log.
    """

    def __init__(self, observer):
        self._observer = observer
        self._queue = SimpleQueue()
        self._ended = False
        self._own = threading.local()  # attribute ``writing``: this thread is inside the observer
        self._thread = threading.Thread(target=self._reader, name="CrochetLogWriter")
        self._thread.start()

    def _reader(self):
        while (event := self._queue.get()) is not _STOP:
            self._write(event)
        self._ended = True  # before the queue is emptied, so that threads that add to it later see this
        self._write_what_is_left()

    def _write(self, event):
        self._own.writing = True
        try:
            self._observer(event)
        except Exception:
            pass  # logging itself has failed, so nobody can be told
        finally:
            self._own.writing = False

    def _write_what_is_left(self):
        while True:
            try:
                event = self._queue.get_nowait()
            except Empty:
                return
            if event is not _STOP:
                self._write(event)

    def stop(self):
        """Ends the thread after it has written all earlier messages."""
        self._queue.put(_STOP)

    def __call__(self, event):
        if getattr(self._own, "writing", False):
            return
        self._queue.put(event)
        if self._ended:
            self._write_what_is_left()


def _forget_io_thread():
    """Twisted knows its thread by a number, which a later thread may get: that one would be refused waiting."""
    from twisted.python import threadable

    if threadable.ioThread == threading.get_ident():
        threadable.ioThread = None


class EventLoop:
    """Runs a reactor in a thread, or uses one that the application runs.

    ``setup`` and ``no_setup`` take a framework or a loop; see ``interloop.crochet``.
    """

    def __init__(
        self,
        reactorFactory,  # noqa: N803  Crochet's name
        atexit_register,
        startLoggingWithObserver=None,  # noqa: N803
        watchdog_thread=None,
        reapAllProcesses=None,  # noqa: N803
    ):
        self._reactorFactory = reactorFactory
        self._atexit_register = atexit_register
        self._startLoggingWithObserver = startLoggingWithObserver
        self._started = False
        self._lock = threading.Lock()
        self._watchdog_thread = watchdog_thread
        self._reapAllProcesses = reapAllProcesses
        self._context = None  # decorated functions check this

    def _require_usable(self):
        if not self._started:
            raise RuntimeError("call crochet.setup() first (or no_setup(), if the application runs the loop itself)")
        if self._pid is not None and self._pid != os.getpid():
            raise RuntimeError(
                f"the event loop's thread stayed in the parent process {self._pid}: threads do not survive a fork. "
                "Call crochet.setup() after forking, in the child only, or start processes without fork."
            )

    def _common_setup(self, loop, owned):
        from interloop.crochet import _frameworks

        self._reactor = reactor = _frameworks.reactor_for(loop, self._reactorFactory, owned)
        self._is_twisted = _frameworks.is_twisted(reactor)
        self._registry = ResultRegistry(None if self._is_twisted else _asyncio_failure)
        reactor.addSystemEventTrigger("before", "shutdown", self._registry.stop)
        self._pid = os.getpid() if owned else None  # an application may fork before it runs its loop
        api = _frameworks.api_for(reactor)
        queue, waker = _frameworks.waker_of(reactor) if self._is_twisted and owned else (None, -1)
        self._context = _core.ReactorContext(
            reactor, self._registry._results, api, self._is_twisted, not owned, queue, waker, patched_event()
        )
        self._started = True

    @synchronized
    def setup(self, loop=None):
        """Runs a loop in a thread of its own, which ends with the main thread. A second call does nothing.

        ``loop``: "twisted", "asyncio", "uvloop", a reactor, or an asyncio loop that is not running yet; None means what
        txaio has selected, or otherwise Twisted or, without that, asyncio. Any thread. TypeError or ValueError if it is
        none of these; RuntimeError for uvloop if threads are greenlets. In a forked child this does nothing either, and
        decorated functions raise RuntimeError.
        """
        if self._started:
            return
        self._common_setup(loop, owned=True)
        logs = self._set_up_twisted() if self._is_twisted else None
        reactor = self._reactor
        thread = threading.Thread(target=self._run, name="CrochetReactor")
        thread.start()
        # Twisted may lose messages of other threads while its log changes observers. For two seconds, because what the
        # reactor calls first may itself call setup(), and wait for this one.
        for _ in range(20):
            if logs is None or logs.wait(0.1) or not thread.is_alive():
                break
        self._atexit_register(reactor.callFromThread, reactor.stop)
        self._atexit_register(_store.log_errors)
        if self._watchdog_thread is not None:
            self._watchdog_thread.start()

    def _run(self):
        try:
            self._reactor.run(installSignalHandlers=False)
        finally:
            if self._is_twisted:
                _forget_io_thread()

    def _set_up_twisted(self):
        """Returns an event that is set once Twisted logs to the module ``logging``, if it is to do so."""
        from twisted.python.runtime import platform

        reactor = self._reactor
        if platform.type == "posix":
            reactor.callFromThread(self._startReapingProcesses)
        if self._startLoggingWithObserver is None:
            return None
        from twisted.python import log

        observer = ThreadLogObserver(log.PythonLoggingObserver().emit)
        logs = threading.Event()

        def start():
            try:
                original, log.showwarning = log.showwarning, warnings.showwarning  # which Twisted would replace
                self._startLoggingWithObserver(observer, False)
                log.showwarning = original
            finally:
                logs.set()

        reactor.callFromThread(start)
        reactor.addSystemEventTrigger("after", "shutdown", observer.stop)
        return logs

    def _startReapingProcesses(self):  # noqa: N802  Crochet's name
        from twisted.internet import process
        from twisted.internet.task import LoopingCall

        from interloop.crochet import _processes

        if self._reapAllProcesses is process.reapAllProcesses:
            _processes.reap_on_demand(self._reactor, self._reapAllProcesses)
            return
        looping = LoopingCall(self._reapAllProcesses)
        looping.clock = self._reactor
        looping.start(0.1, False)

    @synchronized
    def no_setup(self, loop=None):
        """For applications that run the loop themselves: later calls of ``setup`` do nothing.

        ``loop``: as for ``setup``, except that an asyncio loop may be running. "asyncio" and "uvloop" mean the loop
        that runs here; so does None, unless txaio has selected a framework or that loop belongs to Twisted's reactor.
        RuntimeError if no loop is running here, or if ``setup`` or ``no_setup`` was called before.
        """
        if self._started:
            raise RuntimeError(
                "no_setup() is intended to be called once, by an application that runs the loop itself, before any "
                "libraries using crochet are imported and call setup()."
            )
        self._common_setup(loop, owned=False)

    def run_in_reactor(self, function):
        """Decorator: the function runs in the loop's thread, and its callers get an EventualResult at once.

        The function may return a value, a Deferred, a future or a coroutine, or raise. It stays available as
        ``__wrapped__``. Callers may be in any thread. They get RuntimeError before ``setup`` and in a forked child, and
        ReactorStopped after the loop has ended.
        """
        return _core.ReactorFunction(function, self)

    def wait_for(self, timeout):
        """Decorator: the function runs in the loop's thread, and its callers wait for its result, or its exception.

        After ``timeout`` seconds, a float, TimeoutError is raised, and what the function returned is cancelled. 0
        allows 10 ms, which is enough for a function that returns a value directly.
        RuntimeError in the loop's thread, before anything is run.
        """

        def decorator(function):
            return _core.ReactorFunction(function, self, timeout)

        return decorator
