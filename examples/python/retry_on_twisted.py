# SPDX-License-Identifier: MIT
"""A Twisted application that uses the library and gets a Deferred."""

# [application]
import itertools

from retry import Retry
from twisted.internet import defer, task

from interloop import txaio

txaio.use_twisted()


@defer.inlineCallbacks
def main(reactor):
    attempts = itertools.count(1)

    def moody():
        if (attempt := next(attempts)) < 3:
            return defer.fail(ConnectionError("not now"))
        return defer.succeed(f"attempt {attempt} has succeeded")

    print((yield Retry(3, pause=0.01).call(moody)))
    try:
        yield Retry(2, pause=0.01).call(int, "no number")
    except ValueError as error:
        print("given up:", error)


task.react(main)
# [/application]
