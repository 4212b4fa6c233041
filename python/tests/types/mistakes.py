# SPDX-License-Identifier: MIT
"""Code that type checkers must refuse, each line marked. Never run."""

from interloop import txaio
from interloop.crochet import run_in_reactor, wait_for
from interloop.txaio import aio, tx


@run_in_reactor
def plain(a: int) -> int:
    return a


@wait_for(timeout=5)
async def waits(a: int) -> int:
    return a


plain("text")  # wrong
plain()  # wrong
plain(1).wait()  # wrong
text: str = plain(1).wait(1)  # wrong
waits(b=1)  # wrong
other: str = waits(1)  # wrong
wait_for("soon")  # wrong
txaio.call_later("soon", print)  # wrong
txaio.use_trollius()  # wrong
txaio.make_batched_timer("1")  # wrong
aio.make_logger("info")  # wrong
aio.resolve(tx.create_future(), 1)  # wrong
aio.LoopMixin().resolve(aio.create_future(), 1, 2)  # wrong
tx.LoopMixin().sleep("long")  # wrong
