# SPDX-License-Identifier: MIT
"""A process in which a C++ coroutine is pending: that of examples/python/binding. Says "ready" and waits to be ended."""

import asyncio
import time

import client


async def main() -> None:
    pending = client.get("a key")
    print("ready", flush=True)
    time.sleep(600)
    await pending


asyncio.run(main())
