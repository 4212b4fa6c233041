# SPDX-License-Identifier: MIT
"""Python's loops, as the C++ adapter asks of them: one driver for asyncio and uvloop, one for Twisted."""

import asyncio
import logging
import sys
import threading
import types
import weakref

_logger = logging.getLogger("interloop")


def _weak(thing):
    """A function that gives ``thing`` while that is there, and keeps it only if it cannot be referred to weakly.

    So a Python loop that nobody closes is garbage with its last reference, whatever C++ has made on it.
    """
    try:
        return weakref.ref(thing)
    except TypeError:
        return lambda: thing


class _AsyncioReader:
    """What an asyncio loop calls when a descriptor is readable. The loop owns it, and so what is to live as long."""

    def __init__(self, fn):
        self._fn = fn
        self.notice = None

    def __call__(self):
        self._fn()


class _Notice:
    """An asynchronous generator, as far as a loop that winds up sees: it closes those that it knows."""

    def __init__(self, fn):
        self._fn = fn
        self.ag_frame = types.SimpleNamespace(f_locals={})  # in which trio-asyncio notes the loop

    def make_known(self):
        know = sys.get_asyncgen_hooks().firstiter  # the running loop's
        if know is not None:
            know(self)

    async def aclose(self):
        self._fn()


class AsyncioDriver:
    """An asyncio loop, uvloop's included."""

    def __init__(self, loop):
        self._loop = _weak(loop)
        # uvloop's clock stands still during an iteration and counts milliseconds: the system's is the same, but finer.
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
        if self._coarse:  # it rounds to the nearest millisecond: never to an earlier one
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
        """Calls ``fn`` when the loop winds up, as it does with asynchronous generators."""
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
        """The reactor has ended, and dropped it."""


class TwistedDriver:
    """A reactor, or ``task.Clock``."""

    def __init__(self, reactor):
        self._reactor = _weak(reactor)
        self.watches = hasattr(reactor, "addReader")
        self.steady = self.watches  # a clock of its own has who does nothing but tell the time

    @property
    def ended(self):
        return self._reactor() is None  # a reactor says when it ends

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
    """TypeError: it is no loop."""
    if hasattr(native, "callLater") and hasattr(native, "seconds"):
        return TwistedDriver(native)
    if hasattr(native, "call_later") and hasattr(native, "time"):
        return AsyncioDriver(native)
    raise TypeError(f"neither an asyncio loop nor a Twisted reactor: {native!r}")


def _reactor_here():
    """The reactor that runs in this thread; None: there is none."""
    reactor = sys.modules.get("twisted.internet.reactor")
    if reactor is None or not getattr(reactor, "running", False):
        return None
    from twisted.python.threadable import isInIOThread

    return reactor if isInIOThread() else None


def _asyncio_is_meant(txaio):
    """Where a reactor runs on the asyncio loop that runs here: whether what runs just now is asyncio's."""
    if txaio is not None and (txaio.using_twisted or txaio.using_asyncio):
        return txaio.using_asyncio
    return asyncio.current_task() is not None


def current():
    """The Python loop that runs here. RuntimeError: there is none.

    A reactor may run on an asyncio loop, as asyncioreactor does: then it is what ``txaio`` has selected, or else asyncio
    inside a task of asyncio's, and Twisted everywhere else, as before the loop runs.
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


def reject(future, error):
    """Fails a future, unless it is completed. None: as cancelled."""
    if _is_deferred(future):
        if not future.called:
            from twisted.internet.defer import CancelledError

            future.errback(CancelledError() if error is None else error)
    elif not future.done():
        if isinstance(error, StopIteration):  # asyncio's futures refuse it; its tasks make the same of it
            error, cause = RuntimeError("a future cannot fail with StopIteration"), error
            error.__cause__ = cause
        try:
            if error is None:
                future.cancel()
            else:
                future.set_exception(error)
        except RuntimeError:
            if not future.get_loop().is_closed():  # then there is nobody left to be told
                raise


def follow(native, awaitable, on_value, on_error):
    """Calls one of the two when an awaitable or Deferred is done. Returns what can be cancelled. No error: cancelled."""
    if _is_deferred(awaitable):
        from twisted.internet.defer import CancelledError

        def failed(failure):
            on_error(None if failure.check(CancelledError) else failure.value)

        awaitable.addCallbacks(lambda value: (on_value(value), value)[1], failed)
        return awaitable
    on_reactor = native is None or hasattr(native, "callLater")
    if on_reactor and not asyncio.isfuture(awaitable):
        from twisted.internet.defer import ensureDeferred

        return follow(native, ensureDeferred(awaitable), on_value, on_error)

    def done(future):
        try:
            error = future.exception()  # raised here, it would keep this function's frame, and by it the C++ future
        except asyncio.CancelledError:
            on_error(None)
            return
        if error is None:
            on_value(future.result())
        else:
            on_error(error)

    future = asyncio.ensure_future(awaitable, loop=None if on_reactor else native)
    future.add_done_callback(done)
    return future


# ---- logging

_STDLIB = {"critical": 50, "error": 40, "warn": 30, "info": 20, "debug": 10, "trace": 10}


def log(name, level, text, file, line, function):
    """One message of C++: to Twisted's logger where txaio has selected Twisted, else to the module ``logging``."""
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
