# SPDX-License-Identifier: MIT
"""Hears the demonstration's events on Twisted, asyncio or uvloop, by the same compiled client as the C++ programs.

Usage: subscriber.py LOOP URL. Prints `ready`, and a line for each event: how many calls the callee has answered, and how
many microseconds ago it said so. Ends with its standard input.
"""

import sys
import threading
import time

import interloop_wamp


def heard(count, sent):
    print(count, time.monotonic_ns() // 1000 - sent, flush=True)


async def listen(url):
    session = await interloop_wamp.join(url, "open")
    await session.subscribe("demo.progress", heard)
    print("ready", flush=True)
    return session


def when_input_ends(call):
    threading.Thread(target=lambda: (sys.stdin.read(), call()), daemon=True).start()


def on_twisted(url):
    from twisted.internet import reactor
    from twisted.internet.defer import Deferred, ensureDeferred
    from twisted.internet.task import react

    async def main():
        session = await listen(url)
        ended = Deferred()
        when_input_ends(lambda: reactor.callFromThread(ended.callback, None))
        await ended
        await session.leave()

    react(lambda _: ensureDeferred(main()))


def on_asyncio(url, loop_factory):
    import asyncio

    async def main():
        session = await listen(url)
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        when_input_ends(lambda: loop.call_soon_threadsafe(ended.set))
        await ended.wait()
        await session.leave()

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(main())


def main():
    loop, url = sys.argv[1:]
    if loop == "twisted":
        on_twisted(url)
    elif loop == "uvloop":
        import uvloop

        on_asyncio(url, uvloop.new_event_loop)
    else:
        on_asyncio(url, None)


if __name__ == "__main__":
    main()
