# SPDX-License-Identifier: MIT
"""Coroutine functions, called by code that need not know that."""

import loops

from interloop import crochet

framework = loops.select()
crochet.setup(framework)

# [twisted]
if framework == "twisted":
    from twisted.internet import reactor, task

    @crochet.wait_for(timeout=5)
    async def add(a, b):
        await task.deferLater(reactor, 0.01)
        return a + b
# [/twisted]

# [asyncio]
if framework in ("asyncio", "uvloop"):
    import asyncio

    @crochet.wait_for(timeout=5)
    async def add(a, b):
        await asyncio.sleep(0.01)
        return a + b
# [/asyncio]


# [call]
print("add(1, 2) gives", add(1, 2))
# [/call]
