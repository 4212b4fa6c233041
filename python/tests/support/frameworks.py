# SPDX-License-Identifier: MIT
"""The frameworks as tests see them: select, take a turn, wait for a future, and look at unhandled errors."""

import asyncio
import heapq
import itertools

from interloop import txaio


def _select(name):
    txaio._use_framework(txaio._unframework)
    txaio._explicit_framework = None
    (txaio.use_twisted if name == "twisted" else txaio.use_asyncio)()


class Asyncio:
    name = "asyncio"
    is_asyncio = True

    def __init__(self):
        _select("asyncio")
        self.txaio = txaio
        self.loop = self.new_loop()
        self.unhandled = []
        self.loop.set_exception_handler(lambda loop, context: self.unhandled.append(context))
        asyncio.set_event_loop(self.loop)
        txaio.config.loop = self.loop

    def new_loop(self):
        return asyncio.new_event_loop()

    def turn(self, times=1):
        for _ in range(times):
            self.loop.call_soon(self.loop.stop)
            self.loop.run_forever()

    def wait(self, future):
        """Returns the result of a future, or raises its exception."""
        return self.loop.run_until_complete(future)

    def close(self):
        self.turn(3)
        txaio.config.loop = None
        asyncio.set_event_loop(None)
        self.loop.close()


class Uvloop(Asyncio):
    name = "uvloop"

    def new_loop(self):
        import uvloop

        return uvloop.new_event_loop()


class Twisted:
    name = "twisted"
    is_asyncio = False

    def __init__(self):
        from twisted.internet import task
        from twisted.logger import globalLogPublisher

        _select("twisted")
        self.txaio = txaio
        self.loop = txaio.config.loop = task.Clock()
        self.unhandled = []
        self._publisher = globalLogPublisher
        self._publisher.addObserver(self._observe)

    def _observe(self, event):
        if event.get("isError") and "Unhandled" in str(event.get("log_format") or event.get("why") or ""):
            self.unhandled.append(event)

    def turn(self, times=1):
        self.loop.advance(0)

    def wait(self, future):
        found = []
        future.addCallbacks(lambda value: found.append((True, value)), lambda fail: found.append((False, fail.value)))
        for _ in range(1000):
            if found:
                break
            self.loop.advance(0.01)
        assert found, "the Deferred was not called within 10 s of the test's clock"
        ok, value = found[0]
        if ok:
            return value
        raise value

    def close(self):
        self._publisher.removeObserver(self._observe)
        txaio.config.loop = None


class FakeHandle:
    def __init__(self, call):
        self.call = call

    def cancel(self):
        self.call = None


class FakeAsyncioLoop:
    """The part of an event loop that timers need, with a clock that the test moves."""

    def __init__(self):
        self.now = 0.0
        self.count = itertools.count()
        self.timers = []
        self.requested = []  # the delay of each call_later

    def time(self):
        return self.now

    def call_later(self, delay, fn, *args):
        handle = FakeHandle((fn, args))
        self.requested.append(delay)
        heapq.heappush(self.timers, (self.now + delay, next(self.count), handle))
        return handle

    def advance(self, seconds):
        end = self.now + seconds
        while self.timers and self.timers[0][0] <= end:
            when, _, handle = heapq.heappop(self.timers)
            self.now = max(self.now, when)
            if handle.call:
                fn, args = handle.call
                fn(*args)
        self.now = end


class ClockedAsyncio:
    name = "asyncio"

    def __init__(self):
        _select("asyncio")
        self.txaio = txaio
        self.clock = txaio.config.loop = FakeAsyncioLoop()
        self.requested = self.clock.requested

    def close(self):
        txaio.config.loop = None


class ClockedTwisted:
    name = "twisted"

    def __init__(self):
        from twisted.internet import task

        _select("twisted")
        self.txaio = txaio
        self.requested = requested = []

        class Clock(task.Clock):
            def callLater(self, when, *args, **kwargs):  # noqa: N802  Twisted's name
                requested.append(when)
                return super().callLater(when, *args, **kwargs)

        self.clock = txaio.config.loop = Clock()

    def close(self):
        txaio.config.loop = None


KINDS = {kind.name: kind for kind in (Asyncio, Uvloop, Twisted)}
CLOCKED = {kind.name: kind for kind in (ClockedAsyncio, ClockedTwisted)}
