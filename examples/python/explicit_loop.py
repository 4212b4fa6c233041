# SPDX-License-Identifier: MIT
"""A loop of the application's choice, set by ``txaio.config.loop``."""

import sys

from interloop import txaio


# [asyncio]
def on_asyncio(loop):
    txaio.use_asyncio()
    txaio.config.loop = loop  # asyncio.new_event_loop(), uvloop.new_event_loop()...
    txaio.call_later(0.01, finish, loop.stop)
    loop.run_forever()
    loop.close()
# [/asyncio]


# [twisted]
def on_twisted(reactor):
    txaio.use_twisted()
    txaio.config.loop = reactor
    txaio.call_later(0.01, finish, reactor.stop)
    reactor.run()
# [/twisted]


# [clock]
def on_a_clock():
    """For timers, a reactor only has to implement IReactorTime."""
    from twisted.internet import task

    txaio.use_twisted()
    txaio.config.loop = clock = task.Clock()
    txaio.call_later(3600, finish, lambda: print("an hour has passed, says the clock"))
    clock.advance(3600)
# [/clock]


def finish(stop):
    print("the configured loop made the call")
    stop()


match sys.argv[1:]:
    case ["twisted"]:
        from twisted.internet import reactor

        on_twisted(reactor)
    case ["clock"]:
        on_a_clock()
    case ["uvloop"]:
        import uvloop

        on_asyncio(uvloop.new_event_loop())
    case _:
        import asyncio

        on_asyncio(asyncio.new_event_loop())
