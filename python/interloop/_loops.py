# SPDX-License-Identifier: MIT
"""Python's loops in the form that the C++ adapter needs: one driver for asyncio and uvloop, one for Twisted."""

import asyncio
import contextvars
import logging
import sys
import threading
import types
import weakref

_logger = logging.getLogger("interloop")


def _weak(thing):
    """A function that returns ``thing`` while it exists, and keeps it alive only if it cannot be weakly referenced.

    So a Python loop that nobody closes is collected after its last reference, whatever C++ has made on it.
    """
    try:
        return weakref.ref(thing)
    except TypeError:
        return lambda: thing


class _AsyncioReader:
    """What an asyncio loop calls when a descriptor is readable. The loop owns it, and thus what must live as long."""

    def __init__(self, fn):
        self._fn = fn
        self.context = contextvars.copy_context()
        self.notice = None

    def __call__(self):
        self._fn()


class _Notice:
    """Looks like an asynchronous generator to a loop, which closes those that it knows when it shuts down."""

    def __init__(self, fn):
        self._fn = fn
        self.ag_frame = types.SimpleNamespace(f_locals={})  # trio-asyncio stores the loop here

    def make_known(self):
        know = sys.get_asyncgen_hooks().firstiter  # of the running loop
        if know is not None:
            know(self)

    async def aclose(self):
        self._fn()


class AsyncioDriver:
    """An asyncio loop, or one of uvloop."""

    has_soon = True

    def __init__(self, loop):
        self._loop = _weak(loop)
        # uvloop's clock stands still during an iteration and counts milliseconds; the system's is the same but finer.
        self._coarse = type(loop).__module__.partition(".")[0] == "uvloop"
        self.steady = self._coarse or getattr(type(loop), "time", None) is asyncio.BaseEventLoop.time
        self.watches = hasattr(loop, "add_reader")
        self._reader = lambda: None

    @property
    def ended(self):
        loop = self._loop()
        return loop is None or loop.is_closed()

    def now(self):
        return self._loop().time()

    def call_later(self, seconds, fn):
        if self._coarse:  # it rounds to the nearest millisecond; round up instead
            seconds += 0.0005
        return _weak(self._loop().call_later(seconds, fn))

    def cancel(self, weak_handle):
        handle = weak_handle()
        if handle is not None:
            handle.cancel()

    def add_reader(self, fd, fn):
        reader = _AsyncioReader(fn)
        self._loop().add_reader(fd, reader)
        self._reader = _weak(reader)
        return fd

    def remove_reader(self, fd):
        if not self.ended:
            self._loop().remove_reader(fd)

    @property
    def context(self):
        """Of what its descriptor calls."""
        return self._reader().context

    def run(self):
        self._loop().run_forever()

    def stop(self):
        self._loop().stop()

    def report(self, context, text):
        loop = self._loop()
        if loop is None:
            _logger.error("%s\n%s", context, text)
        else:
            loop.call_exception_handler({"message": f"{context}\n{text}"})

    def when_ended(self, fn):
        """Calls ``fn`` when the loop shuts down, in the same way as it closes asynchronous generators."""
        reader, loop = self._reader(), self._loop()
        if reader is None:
            return
        reader.notice = _Notice(fn)
        if asyncio._get_running_loop() is loop:
            reader.notice.make_known()
        else:
            loop.call_soon(reader.notice.make_known)


class _Reader:
    """A descriptor for a reactor."""

    def __init__(self, fd, fn):
        self._fd = fd
        self.doRead = fn

    def fileno(self):
        return self._fd

    def logPrefix(self):  # noqa: N802  Twisted's name
        return "interloop"

    def connectionLost(self, reason):  # noqa: N802
        """Called when the reactor has ended and dropped this."""


class TwistedDriver:
    """A reactor, or ``task.Clock``."""

    has_soon = False

    def __init__(self, reactor):
        self._reactor = _weak(reactor)
        self.watches = hasattr(reactor, "addReader")
        self.steady = self.watches  # a reactor that only tells the time has its own clock

    @property
    def ended(self):
        return self._reactor() is None  # a reactor announces its end itself

    def now(self):
        return self._reactor().seconds()

    def call_later(self, seconds, fn):
        return _weak(self._reactor().callLater(seconds, fn))

    def cancel(self, weak_call):
        delayed = weak_call()
        if delayed is not None and delayed.active():
            delayed.cancel()

    def add_reader(self, fd, fn):
        reader = _Reader(fd, fn)
        self._reactor().addReader(reader)
        return reader

    def remove_reader(self, reader):
        if not self.ended:
            self._reactor().removeReader(reader)

    def run(self):
        self._reactor().run(installSignalHandlers=threading.current_thread() is threading.main_thread())

    def stop(self):
        self._reactor().stop()

    def report(self, context, text):
        from twisted.logger import Logger

        Logger(namespace="interloop").critical("{context}\n{text}", context=context, text=text)

    def when_ended(self, fn):
        reactor = self._reactor()
        if hasattr(reactor, "addSystemEventTrigger"):
            reactor.addSystemEventTrigger("before", "shutdown", fn)


def driver_of(native):
    """The driver for a loop. TypeError if it is not a loop."""
    if hasattr(native, "callLater") and hasattr(native, "seconds"):
        return TwistedDriver(native)
    if hasattr(native, "call_later") and hasattr(native, "time"):
        return AsyncioDriver(native)
    raise TypeError(f"neither an asyncio loop nor a Twisted reactor: {native!r}")


def _reactor_here():
    """The reactor that runs in this thread, or None."""
    reactor = sys.modules.get("twisted.internet.reactor")
    if reactor is None or not getattr(reactor, "running", False):
        return None
    from twisted.python.threadable import isInIOThread

    return reactor if isInIOThread() else None


def _asyncio_is_meant(txaio):
    """If a reactor runs on the asyncio loop that runs here: whether the current code belongs to asyncio."""
    if txaio is not None and (txaio.using_twisted or txaio.using_asyncio):
        return txaio.using_asyncio
    return asyncio.current_task() is not None


def current():
    """The Python loop that runs here. RuntimeError if there is none.

    A reactor may run on an asyncio loop, as asyncioreactor does. Then this is the loop that ``txaio`` has selected, or
    otherwise asyncio's inside an asyncio task, and Twisted's everywhere else, including before the loop runs.
    """
    txaio = sys.modules.get("interloop.txaio")
    try:
        running = asyncio.get_running_loop()
    except RuntimeError:
        running = None
    if running is not None and (_reactor_here() is None or _asyncio_is_meant(txaio)):
        return running
    if txaio is not None and txaio.config.loop is not None:
        return txaio.config.loop
    reactor = sys.modules.get("twisted.internet.reactor")
    if reactor is not None:
        return reactor
    raise RuntimeError(
        "no asyncio loop is running here, and Twisted's reactor was not imported: "
        "call this in a coroutine or in a callback of a loop"
    )


# ---- futures


def _is_deferred(thing):
    return hasattr(thing, "addCallbacks")


def new_future(native, on_cancel):
    """A pending future of a loop; ``on_cancel`` is called when it is cancelled."""
    if native is None:
        native = current()
    if hasattr(native, "callLater"):
        from twisted.internet.defer import Deferred

        return Deferred(lambda deferred: on_cancel())
    future = native.create_future()
    future.add_done_callback(lambda done: on_cancel() if done.cancelled() else None)
    return future


def resolve(future, value):
    """Gives a future its value, unless it is completed."""
    if _is_deferred(future):
        if not future.called:
            future.callback(value)
    elif not future.done():
        future.set_result(value)


def reject(future, error, report):
    """Fails a future, unless it is completed. With None, cancels it. Without ``report`` in silence if nobody looks."""
    if _is_deferred(future):
        if not future.called:
            from twisted.internet.defer import CancelledError
            from twisted.python.failure import Failure

            future.errback(CancelledError() if error is None else error)
            if not report and isinstance(future.result, Failure):
                future.addErrback(lambda failure: None)
    elif not future.done():
        if isinstance(error, StopIteration):  # asyncio's futures refuse it; its tasks do the same with it
            error, cause = RuntimeError("a future cannot fail with StopIteration"), error
            error.__cause__ = cause
        try:
            if error is None:
                future.cancel()
            else:
                future.set_exception(error)
        except RuntimeError:
            if not future.get_loop().is_closed():  # then nobody is left to be told
                raise
        if not report and not future.cancelled():
            future.exception()


class _Followed:
    """Cancels what is followed, but does not keep it: nobody completes what only C++ waits for."""

    def __init__(self, followed):
        self._followed = _weak(followed)

    def cancel(self):
        followed = self._followed()
        if followed is not None:
            followed.cancel()


def follow(native, awaitable, on_value, on_error):
    """Calls one of the two when an awaitable or Deferred is done (with None if cancelled). Returns a cancellable."""
    if _is_deferred(awaitable):
        from twisted.internet.defer import CancelledError

        def failed(failure):
            on_error(None if failure.check(CancelledError) else failure.value)

        awaitable.addCallbacks(lambda value: (on_value(value), value)[1], failed)
        return _Followed(awaitable)
    on_reactor = native is None or hasattr(native, "callLater")
    if on_reactor and not asyncio.isfuture(awaitable):
        from twisted.internet.defer import ensureDeferred

        return follow(native, ensureDeferred(awaitable), on_value, on_error)

    def done(future):
        try:
            error = future.exception()  # if raised here, it would keep this function's frame, and thus the C++ future
        except asyncio.CancelledError:
            on_error(None)
            return
        if error is None:
            on_value(future.result())
        else:
            on_error(error)

    future = asyncio.ensure_future(awaitable, loop=None if on_reactor else native)
    future.add_done_callback(done)
    return _Followed(future)


# ---- logging

_STDLIB = {"critical": 50, "error": 40, "warn": 30, "info": 20, "debug": 10, "trace": 10}


def log(name, level, text, file, line, function):
    """Logs a C++ message: to Twisted's logger if txaio has selected Twisted, otherwise to the module ``logging``."""
    txaio = sys.modules.get("interloop.txaio")
    if txaio is not None and txaio.using_twisted:
        from twisted.logger import Logger, LogLevel

        native = LogLevel.lookupByName("debug" if level == "trace" else level)
        Logger(namespace=name).emit(native, "{text}", text=text, cpp_file=file, cpp_line=line)
        return
    logger = logging.getLogger(name)
    number = _STDLIB.get(level, 20)
    if logger.isEnabledFor(number):
        logger.handle(logger.makeRecord(name, number, file, line, text, (), None, function))
