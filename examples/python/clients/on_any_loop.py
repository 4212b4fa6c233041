# SPDX-License-Identifier: MIT
"""Runs an example's coroutine on the loop that its first argument names: asyncio, uvloop or twisted."""

import asyncio
import sys


def run(work):
    """Calls work(together, *arguments), a coroutine function; together(awaitables) waits for all, and gives a list."""
    loop, *arguments = sys.argv[1:]
    if loop == "twisted":
        from twisted.internet.defer import Deferred, ensureDeferred, gatherResults
        from twisted.internet.task import react

        def together(awaitables):
            return gatherResults([each if isinstance(each, Deferred) else ensureDeferred(each) for each in awaitables])

        react(lambda reactor: ensureDeferred(work(together, *arguments)))

    async def all_of(awaitables):
        return list(await asyncio.gather(*awaitables))

    factory = None
    if loop == "uvloop":
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(work(all_of, *arguments))
