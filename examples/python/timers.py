# SPDX-License-Identifier: MIT
"""Delayed calls, one of which is cancelled."""

import loops

from interloop import txaio


# [timers]
def main():
    done = txaio.create_future()
    txaio.call_later(0.02, say, "second", end="!\n")
    txaio.call_later(0.01, say, "first")
    regretted = txaio.call_later(0.015, say, "never")
    regretted.cancel()  # the only method that asyncio's handles and Twisted's delayed calls share
    txaio.call_later(0.03, txaio.resolve, done, None)
    return done


def say(word, end="\n"):
    print(word, end=end)
# [/timers]


loops.run(main)
