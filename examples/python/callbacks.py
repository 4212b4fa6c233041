# SPDX-License-Identifier: MIT
"""Why a callback should return its argument."""

import loops

from interloop import txaio


# [careful]
def careful(value):
    print("careful got", value)
    return value  # on Twisted, the next callback gets this; on asyncio it is ignored
# [/careful]


# [careless]
def careless(value):
    print("careless got", value)  # returns None, so the next callback gets None on Twisted
# [/careless]


# [main]
def main():
    future = txaio.create_future()
    for callback in (careful, careful, careless, careful):
        txaio.add_callbacks(future, callback, None)
    txaio.resolve(future, "a value")
    return future
# [/main]


loops.run(main)
