# SPDX-License-Identifier: MIT
"""A library whose users may pass a loop, here two loops in two threads."""

import asyncio
import sys
import threading

from interloop import txaio


# [client]
class Client:
    """Says hello a few times, on the loop that it is given."""

    def __init__(self, name, loop=None):
        # Without a loop: the module's functions, which use txaio.config.loop.
        self._txa = txaio if loop is None else txaio.with_config(loop=loop)
        self._name = name
        self.said = []

    def greet(self, times):
        """A future that is done when everything has been said."""
        done = self._txa.create_future()
        self._say(times, done)
        return done

    def _say(self, times, done):
        if times == 0:
            self._txa.resolve(done, self.said)
            return
        self.said.append(f"{self._name}: hello in {threading.current_thread().name}")
        self._txa.call_later(0.001, self._say, times - 1, done)
# [/client]


# [two]
def in_thread(name):
    """Runs its own loop, with a client."""
    loop = new_event_loop()
    client = Client(name, loop)
    loop.run_until_complete(client.greet(2))
    loop.close()
    lines.extend(client.said)


def two_loops():
    txaio.use_asyncio()
    for name in ("one", "two"):
        thread = threading.Thread(target=in_thread, args=[name], name=f"thread {name}")
        thread.start()
        thread.join()
# [/two]


# [twisted]
def one_reactor():
    from twisted.internet import reactor, task

    txaio.use_twisted()
    txaio.config.loop = reactor
    client = Client("one", reactor)  # the configured reactor, so this is allowed
    try:
        Client("two", task.Clock())
    except RuntimeError as error:
        lines.append(f"two: {error}")
    done = client.greet(2)
    txaio.add_callbacks(done, lambda _: reactor.stop(), None)
    reactor.run()
    lines.extend(client.said)
# [/twisted]


lines = []
match sys.argv[1:]:
    case ["twisted"]:
        one_reactor()
    case ["uvloop"]:
        from uvloop import new_event_loop

        two_loops()
    case _:
        new_event_loop = asyncio.new_event_loop
        two_loops()
print("\n".join(lines))
