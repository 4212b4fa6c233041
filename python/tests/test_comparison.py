# SPDX-License-Identifier: MIT
"""Random sequences of txaio's operations, on interloop and on the original: all visible effects must be the same.

What interloop mends on purpose (docs/python.md) is not among the operations.
"""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

original = pytest.importorskip("txaio", reason="the original is not installed: tools/requirements-python.txt has it")
if original.__name__ != "txaio":
    pytest.skip("txaio is interloop's in this process", allow_module_level=True)

from interloop import txaio as ours  # noqa: E402

# The original asks asyncio what inspect knows too; from CPython 3.14 on that is deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:'asyncio.iscoroutinefunction':DeprecationWarning:txaio")

FUTURES = st.integers(0, 4)
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("create"), st.sampled_from(["pending", "result", "error", "success", "failed", "canceller"])),
        st.tuples(st.just("resolve"), FUTURES, st.integers()),
        st.tuples(st.just("reject"), FUTURES, st.sampled_from(["exception", "failure", "text"])),
        st.tuples(st.just("cancel"), FUTURES),
        st.tuples(st.just("callbacks"), FUTURES, st.sampled_from(["both", "callback", "errback", "raising"])),
        st.tuples(st.just("as_future"), st.sampled_from(["value", "raise", "future", "coroutine", "bad arguments"])),
        st.tuples(st.just("gather"), st.lists(FUTURES, max_size=4, unique=True), st.booleans()),
        st.tuples(st.just("ask"), FUTURES),
        st.tuples(st.just("turn")),
    ),
    max_size=25,
)


class Player:
    """Plays operations on one of the two, and records all visible effects."""

    def __init__(self, api, framework):
        self.api, self.framework = api, framework
        self.seen, self.futures = [], []
        if framework == "asyncio":
            self.loop = asyncio.new_event_loop()
            self.loop.set_exception_handler(lambda loop, context: None)
            asyncio.set_event_loop(self.loop)  # the original uses it for some functions, whatever is configured
        else:
            from twisted.internet import task

            self.loop = task.Clock()
        from importlib import import_module

        api._use_framework(import_module(api.__name__ + (".aio" if framework == "asyncio" else ".tx")))
        api._explicit_framework = framework
        api.config.loop = self.loop

    def close(self):
        self.api.config.loop = None
        for future in self.futures:
            if self.framework == "asyncio":
                future.cancel()
                if future.done() and not future.cancelled():
                    future.exception()
            else:
                future.addErrback(lambda failure: None)
                future.cancel()
        if self.framework == "asyncio":
            self.turn()
            asyncio.set_event_loop(None)
            self.loop.close()

    def turn(self):
        if self.framework == "asyncio":
            for _ in range(4):
                self.loop.call_soon(self.loop.stop)
                self.loop.run_forever()
        else:
            self.loop.advance(1)

    def note(self, *what):
        self.seen.append(what)

    def failed(self, name):
        def errback(failure):
            self.note(name, "failed", self.api.failure_message(failure), isinstance(failure, self.api.IFailedFuture))
            return None

        return errback

    def succeeded(self, name):
        def callback(value):
            self.note(name, "value", self.describe(value))
            return value

        return callback

    def describe(self, value):
        if isinstance(value, list):
            return [self.describe(each) for each in value]
        if isinstance(value, BaseException):
            return type(value).__name__, str(getattr(value, "value", value))
        return repr(value) if not self.api.is_future(value) else "a future"

    def play(self, operation):
        name, *arguments = operation
        try:
            result = getattr(self, name)(*arguments)
        except Exception as error:
            self.note(name, "raised", type(error).__name__)
        else:
            self.note(name, "returned", self.describe(result))

    # ---- the operations

    def create(self, kind):
        api = self.api
        number = len(self.futures)
        if kind == "pending":
            future = api.create_future()
        elif kind == "result":
            future = api.create_future(result=number)
        elif kind == "error":
            future = api.create_future(error=ValueError(number))
        elif kind == "success":
            future = api.create_future_success(number)
        elif kind == "failed":
            future = api.create_future_error(ValueError(number))
        else:
            future = api.create_future(canceller=lambda f: self.note("canceller", number))
        self.futures.append(future)

    def is_cancelled(self, which):
        """On asyncio, the original's resolve and reject then raise, and interloop's do nothing."""
        return self.framework == "asyncio" and self.futures[which].cancelled()

    def resolve(self, which, value):
        if self.is_cancelled(which):
            return
        self.api.resolve(self.futures[which], value)

    def reject(self, which, kind):
        if self.is_cancelled(which):
            return
        error = {"exception": KeyError("k"), "failure": self.api.create_failure(KeyError("f")), "text": "text"}[kind]
        self.api.reject(self.futures[which], error)

    def cancel(self, which):
        self.api.cancel(self.futures[which])

    def callbacks(self, which, kind):
        callback, errback = self.succeeded(which), self.failed(which)
        if kind == "raising":

            def callback(value):
                raise LookupError("in a callback")

        elif kind == "callback":
            errback = None
        elif kind == "errback":
            callback = None
        self.api.add_callbacks(self.futures[which], callback, errback)

    def as_future(self, kind):
        async def coroutine():
            return "from a coroutine"

        def function(*arguments):
            if kind == "raise":
                raise OSError("raised")
            return self.futures[0] if kind == "future" else kind

        if kind == "bad arguments":
            future = self.api.as_future(coroutine, 1, 2)
        else:
            future = self.api.as_future(coroutine) if kind == "coroutine" else self.api.as_future(function, 1)
        if future not in self.futures:
            self.futures.append(future)

    def gather(self, which, consume):
        self.futures.append(self.api.gather([self.futures[each] for each in which], consume_exceptions=consume))

    def ask(self, which):
        self.note("called", bool(self.api.is_called(self.futures[which])), self.api.is_future(self.futures[which]))


@pytest.mark.parametrize("framework", ["asyncio", "twisted"])
@settings(max_examples=250, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(operations=OPERATIONS)
def test_it_does_what_the_original_does(framework, operations):
    seen = {}
    for api in (original, ours):
        player = Player(api, framework)
        try:
            for operation in [("create", "pending"), *operations, ("turn",)]:
                player.play(operation)
        finally:
            player.close()
        seen[api.__name__] = player.seen
    assert seen["interloop.txaio"] == seen["txaio"]
