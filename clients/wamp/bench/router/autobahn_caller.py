# SPDX-License-Identifier: MIT
"""What a call costs Autobahn|Python's caller, beside which the benchmark stands.

Usage: autobahn_caller.py LOOP TRANSPORT SERIALIZER ADDRESS NAME IN_FLIGHT

LOOP: asyncio or uvloop. TRANSPORT: ws, and ADDRESS is its URL; or rs, and it is a Unix socket's path. Registers the
procedure `bench.NAME`: called with a number, it calls `bench.add` that many times IN_FLIGHT times, IN_FLIGHT at once,
checks the results, and returns the seconds of processor time that this took.
"""

import asyncio
import sys
import time

import txaio

txaio.use_asyncio()

from autobahn.asyncio.component import Component, run  # noqa: E402: after the choice above


def main() -> None:
    loop, kind, serializer, address, name, in_flight = sys.argv[1:]
    if loop == "uvloop":
        import uvloop

        asyncio.set_event_loop(uvloop.new_event_loop())
    if kind == "ws":
        transport = {"type": "websocket", "url": address, "serializers": [serializer]}
    else:
        transport = {"type": "rawsocket", "url": "rs://localhost", "serializer": serializer,
                     "endpoint": {"type": "unix", "path": address}}
    caller = Component(transports=[transport], realm="open")

    @caller.on_join
    async def join(session, details):
        async def measure(rounds):
            start = time.process_time()
            for _ in range(rounds):
                called = [session.call("bench.add", number, 1) for number in range(int(in_flight))]
                for number, each in enumerate(called):
                    if await each != number + 1:
                        raise ValueError("a wrong result")
            return time.process_time() - start

        await session.register(measure, f"bench.{name}")

    run([caller], log_level="warn")


if __name__ == "__main__":
    main()
