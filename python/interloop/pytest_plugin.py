# SPDX-License-Identifier: MIT
"""A plugin of pytest, which finds it by itself: the fixture ``interloop``, for tests of libraries on every framework.

A test that takes the fixture runs on asyncio, uvloop and Twisted, each time with the framework selected in
``interloop.txaio``. It is skipped on those that are not installed. ``docs/python-guide.md`` has an example. To switch
the plugin off: ``pytest -p no:interloop``.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import time
import traceback
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

FRAMEWORKS = ("asyncio", "uvloop", "twisted")
"""Those that the fixture runs a test on."""
USUAL_LIMIT = 30.0
"""In seconds of real time. Only a test that fails waits so long."""


class Loop:
    """What the fixture gives: a framework's loop, for one test."""

    name: str
    """The framework: ``"asyncio"``, ``"uvloop"`` or ``"twisted"``."""
    loop: Any
    """The event loop; on Twisted, the reactor."""
    txaio: Any
    """The module ``interloop.txaio``."""

    def __init__(self) -> None:
        self.txaio = importlib.import_module("interloop.txaio")
        self._unhandled: list[str] = []

    # ---- For tests

    def run(self, what: Any, *args: Any, timeout: float = USUAL_LIMIT) -> Any:
        """Runs the loop until ``what`` is done; returns its result, or raises its exception.

        :param what: a future of the framework, a coroutine, or a function, which is called with ``args`` in the loop
            and may return any of these, or a plain value.
        :param timeout: in seconds of real time. When they have passed, the test fails, with what is pending.
        """
        results: list[tuple[bool, Any]] = []

        def start() -> None:
            future = self.txaio.as_future(what, *args) if callable(what) else self.txaio.as_future(lambda: what)
            self._when_done(future, lambda got: results.append((True, got)), lambda why: results.append((False, why)))

        self._call_soon(start)
        self.run_until(lambda: bool(results), timeout=timeout)
        succeeded, value = results[0]
        if succeeded:
            return value
        raise value

    def run_until(self, done: Callable[[], object], timeout: float = USUAL_LIMIT) -> None:
        """Runs the loop until ``done()``, which is called after each of its turns, is true."""
        end = time.monotonic() + timeout
        while not done():
            left = end - time.monotonic()
            if left <= 0:
                pending = self.pending()
                pytest.fail(
                    f"nothing was done within {timeout:g} s on {self.name}"
                    + (", pending:\n  " + "\n  ".join(pending) if pending else ", and nothing is pending there"),
                    pytrace=False,
                )
            self._turn(min(left, 0.1))

    def settle(self) -> None:
        """Runs what is ready, and what that makes ready, for a few turns."""
        for _ in range(10):
            self._turn(0)

    def pending(self) -> list[str]:
        """What is pending: tasks, futures, timers and watched descriptors. uvloop does not tell of the last two."""
        raise NotImplementedError

    def taken_unhandled(self) -> list[str]:
        """The errors that nobody handled so far, as texts. They are forgotten: the test expects them."""
        gc.collect()  # failures that nobody looked at are reported when they are collected
        self.settle()
        taken, self._unhandled[:] = list(self._unhandled), []
        return taken

    # ---- What the frameworks differ in

    def _call_soon(self, fn: Callable[[], None]) -> None:
        raise NotImplementedError

    def _when_done(self, future: Any, value: Callable[[Any], None], error: Callable[[BaseException], None]) -> None:
        raise NotImplementedError

    def _turn(self, seconds: float) -> None:
        """Runs what is ready; waits for something at most so long, and perhaps shorter."""
        raise NotImplementedError

    def _close(self) -> None:
        raise NotImplementedError


class _AsyncioLoop(Loop):
    name = "asyncio"

    def __init__(self) -> None:
        super().__init__()
        self.loop = self._new()
        self.loop.set_exception_handler(self._note)
        asyncio.set_event_loop(self.loop)
        self.txaio.use_asyncio()

    def _new(self) -> Any:
        return asyncio.new_event_loop()

    def _note(self, loop: Any, context: dict[str, Any]) -> None:
        error = context.get("exception")
        lines = [context.get("message", "an error")]
        if error is not None:
            lines += traceback.format_exception(error)
        self._unhandled.append("\n".join(line.rstrip() for line in lines))

    def _call_soon(self, fn: Callable[[], None]) -> None:
        self.loop.call_soon(fn)

    def _when_done(self, future: Any, value: Callable[[Any], None], error: Callable[[BaseException], None]) -> None:
        def done(future: Any) -> None:
            if future.cancelled():
                error(asyncio.CancelledError())
            elif (why := future.exception()) is not None:
                error(why)
            else:
                value(future.result())

        future.add_done_callback(done)

    def _turn(self, seconds: float) -> None:
        # Something that becomes ready does not end the wait, so that is short.
        if seconds > 0:
            tick = self.loop.call_later(min(seconds, 0.002), self.loop.stop)
        else:
            tick = self.loop.call_soon(self.loop.stop)
        self.loop.run_forever()
        tick.cancel()  # other code may have stopped the loop

    def pending(self) -> list[str]:
        tasks = {task for task in asyncio.all_tasks(self.loop) if not task.done()}
        found = [f"task {_code_of(task)}" for task in tasks]
        futures = _instances(asyncio.Future)
        waited_for = {getattr(task, "_fut_waiter", None) for task in tasks}
        for future in futures:
            known = future in tasks or future in waited_for
            if not known and not future.done() and future.get_loop() is self.loop:
                found.append(f"future {future!r}")
        for timer in getattr(self.loop, "_scheduled", ()):
            if not timer.cancelled():
                found.append(f"timer {timer!r}")
        selector = getattr(self.loop, "_selector", None)
        own = getattr(self.loop, "_ssock", None)
        for key in (selector.get_map() or {}).values() if selector is not None else ():
            ours = any(_is_ours(getattr(handle, "_callback", None)) for handle in key.data or ())
            if not ours and key.fileobj is not own and key.fileobj != getattr(own, "fileno", lambda: -1)():
                found.append(f"watch of descriptor {key.fd}")
        return found

    def _close(self) -> None:
        asyncio.set_event_loop(None)
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.set_exception_handler(lambda loop, context: None)  # what is left was reported
        self.settle()
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()


class _UvloopLoop(_AsyncioLoop):
    name = "uvloop"

    def _new(self) -> Any:
        return importlib.import_module("uvloop").new_event_loop()


class _TwistedLoop(Loop):
    """On the process's reactor, which Twisted code imports. It runs from the first such test on, turn by turn."""

    name = "twisted"

    def __init__(self) -> None:
        super().__init__()
        from twisted.internet import defer, reactor

        self.loop = reactor
        self._deferred: type = defer.Deferred
        if not self.loop.running:
            _started_reactors.append(self.loop)
            self.loop.startRunning(installSignalHandlers=False)
        self._deferreds_before = weakref.WeakSet(self._unfired())
        self._before = set(map(id, self._watched())) | set(map(id, self.loop.getDelayedCalls()))
        self._kept = [*self._watched(), *self.loop.getDelayedCalls()]  # so that no other gets their id
        self._publisher = importlib.import_module("twisted.logger").globalLogPublisher
        self._publisher.addObserver(self._note)
        self.txaio.use_twisted()

    def _note(self, event: dict[str, Any]) -> None:
        failure = event.get("log_failure") or event.get("failure")
        if failure is None and not event.get("isError"):
            return
        from twisted.logger import formatEvent

        self._unhandled.append("\n".join([formatEvent(event), *([failure.getTraceback().rstrip()] if failure else [])]))

    def _call_soon(self, fn: Callable[[], None]) -> None:
        self.loop.callLater(0, fn)

    def _when_done(self, future: Any, value: Callable[[Any], None], error: Callable[[BaseException], None]) -> None:
        future.addCallbacks(value, lambda failure: error(failure.value))

    def _turn(self, seconds: float) -> None:
        if not hasattr(self.loop, "doIteration"):  # a reactor on another loop
            self.loop.iterate(min(seconds, 0.002))
            return
        self.loop.runUntilCurrent()
        until_timer = self.loop.timeout()
        self.loop.doIteration(min(seconds, 0.1 if until_timer is None else until_timer))

    def _unfired(self) -> list[Any]:
        return [each for each in _instances(self._deferred) if not each.called]

    def _watched(self) -> list[Any]:
        return [*self.loop.getReaders(), *self.loop.getWriters()]

    def pending(self) -> list[str]:
        found = [f"Deferred {each!r}" for each in self._unfired() if each not in self._deferreds_before]
        found += [f"timer {each}" for each in self.loop.getDelayedCalls() if id(each) not in self._before]
        found += [f"watch {each!r}" for each in self._watched() if id(each) not in self._before and not _is_ours(each)]
        return found

    def _close(self) -> None:
        for each in self.loop.getDelayedCalls():
            if id(each) not in self._before:
                each.cancel()
        self._publisher.removeObserver(self._note)


_KINDS: dict[str, type[Loop]] = {"asyncio": _AsyncioLoop, "uvloop": _UvloopLoop, "twisted": _TwistedLoop}
_started_reactors: list[Any] = []


def _is_ours(thing: object) -> bool:
    """Whether it belongs to C++ code's loop, which stays as long as the framework's."""
    return type(thing).__module__.partition(".")[0] == "interloop"


def _instances(kind: type) -> list[Any]:
    """All objects of a class that exist. By their types, because some objects pretend to be of another class."""
    return [each for each in gc.get_objects() if issubclass(type(each), kind)]


def _code_of(task: asyncio.Task[Any]) -> str:
    frames = task.get_stack(limit=1)
    where = f" at {frames[0].f_code.co_filename}:{frames[0].f_lineno}" if frames else ""
    coroutine = task.get_coro()
    return getattr(coroutine, "__qualname__", repr(coroutine)) + where


def _problems(made: Loop) -> Iterable[str]:
    gc.collect()
    made.settle()
    pending = made.pending()
    if pending:
        yield f"left pending on {made.name}:\n  " + "\n  ".join(pending)
    for each in made.taken_unhandled():
        yield f"an error that nobody handled, on {made.name}: {each}"


@pytest.fixture(params=FRAMEWORKS)
def interloop(request: pytest.FixtureRequest) -> Iterator[Loop]:
    """A loop of the framework, selected. At its end, what is left pending and errors that nobody handled fail the test.

    To run on some of the frameworks only: ``@pytest.mark.parametrize("interloop", ["asyncio"], indirect=True)``.
    """
    name = request.param
    if name not in _KINDS:
        raise pytest.UsageError(f"the fixture interloop has no framework {name!r}; it has {', '.join(FRAMEWORKS)}")
    if name != "asyncio":
        pytest.importorskip(name, reason=f"{name} is not installed")
    from interloop import txaio

    selected, loop_before = txaio._explicit_framework, txaio.config.loop if txaio._explicit_framework else None
    _select_none()
    made = _KINDS[name]()
    txaio.config.loop = made.loop
    try:
        yield made
        problems = list(_problems(made))
    finally:
        made._close()
        txaio.config.loop = None
        _select_none()
        if selected:
            (txaio.use_twisted if selected == "twisted" else txaio.use_asyncio)()
            txaio.config.loop = loop_before
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


def _select_none() -> None:
    from interloop import txaio

    txaio._use_framework(txaio._unframework)  # type: ignore[attr-defined]
    txaio._explicit_framework = None


def pytest_unconfigure() -> None:
    """pytest calls this at its end. The reactors that tests have started stop."""
    while _started_reactors:
        reactor = _started_reactors.pop()
        if reactor.running:
            reactor.stop()
            for _ in range(10):  # its threads end
                reactor.iterate(0)
