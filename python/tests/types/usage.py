# SPDX-License-Identifier: MIT
"""Code that type checkers must accept, with the types that they must infer. Never run."""

import asyncio
from typing import Any, assert_type

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from interloop import crochet, install, txaio
from interloop.crochet import EventualResult, run_in_reactor, wait_for
from interloop.txaio import aio, tx
from interloop.txaio.testutil import replace_loop

install()
crochet.setup()
crochet.setup("asyncio")
crochet.no_setup(asyncio.new_event_loop())


@run_in_reactor
def plain(a: int, *, b: str = "") -> int:
    return a


@run_in_reactor
async def coroutine(a: int) -> str:
    return str(a)


@run_in_reactor
def deferred() -> Deferred[bytes]:
    return Deferred()


@wait_for(timeout=5.0)
def waits(a: int) -> Deferred[bytes]:
    return Deferred()


@wait_for(5)
async def waits_too(a: int) -> list[int]:
    return [a]


@wait_for(5)
def waits_for_asyncio() -> asyncio.Future[int]:
    return asyncio.get_event_loop().create_future()


class Thing:
    @wait_for(1)
    def method(self, a: int) -> str:
        return str(a)


assert_type(plain(1, b="x"), EventualResult[int])
assert_type(plain(1).wait(1), int)
assert_type(coroutine(1), EventualResult[str])
assert_type(deferred(), EventualResult[bytes])
assert_type(waits(1), bytes)
assert_type(waits_too(a=1), list[int])
assert_type(waits_for_asyncio(), int)
assert_type(Thing().method(1), str)
assert_type(plain(1).original_failure(), Failure | None)
assert_type(crochet.retrieve_result(plain(1).stash()), EventualResult[object])

txaio.use_asyncio()
assert_type(txaio.using_asyncio, bool)
assert_type(txaio.failure_message(txaio.create_failure(ValueError())), str)
assert_type(txaio.is_future(1), bool)
txaio.add_callbacks(txaio.create_future(), print, None)
txaio.call_later(1.5, print, 1, end="").cancel()
txaio.make_batched_timer(1, chunk_size=10).call_later(1, print)
log = txaio.make_logger()
log.info("{a}", a=1)
api = txaio.with_config(loop=asyncio.new_event_loop())
assert_type(api.is_called(api.create_future(result=1)), bool)
with replace_loop(asyncio.new_event_loop()) as loop:
    assert_type(loop, asyncio.AbstractEventLoop)


def errback(fail: txaio.IFailedFuture) -> Any:
    return fail.value

assert_type(aio.create_future(), asyncio.Future[Any])
assert_type(aio.with_config(asyncio.new_event_loop()).call_later(1, print), asyncio.TimerHandle)
aio.add_callbacks(aio.as_future(print, "a"), print, None)
assert_type(tx.gather([tx.create_future_success(1)]), Deferred[Any])
assert_type(tx.create_failure(ValueError()), Failure)
tx.resolve(Deferred[Any](), 1)


class OnAsyncio(aio.LoopMixin):
    def go(self) -> str:
        assert_type(self.create_future(canceller=print), asyncio.Future[Any])
        self.call_later(1, self.resolve, self.create_future(), 1).cancel()
        return self.failure_message(self.create_failure(ValueError()))


class OnTwisted(tx.LoopMixin):
    def go(self) -> None:
        assert_type(self.gather([self.as_future(print, "a")]), Deferred[Any])
