# SPDX-License-Identifier: MIT
"""Selects an example's framework: its first argument is asyncio (the default), uvloop or twisted."""

import asyncio
import sys

from interloop import txaio


# [select]
def select():
    """Selects the framework that the command line names."""
    name = sys.argv[1] if len(sys.argv) > 1 else "asyncio"
    if name == "twisted":
        txaio.use_twisted()
    elif name in ("asyncio", "uvloop"):
        txaio.use_asyncio()  # uvloop's loops are asyncio's
    else:
        sys.exit(f"{name}: asyncio, uvloop or twisted?")
    return name
# [/select]


# [run]
def run(main):
    """Calls main() in the loop, and ends when the future that main() returns is done."""
    name = select()
    if name == "twisted":
        from twisted.internet import defer, task

        task.react(lambda reactor: defer.maybeDeferred(main))
    else:
        with asyncio.Runner(loop_factory=new_loop_of(name)) as runner:
            runner.run(finished(main))


async def finished(main):
    await main()


def new_loop_of(name):
    if name == "uvloop":
        import uvloop

        return uvloop.new_event_loop
    return asyncio.new_event_loop
# [/run]
