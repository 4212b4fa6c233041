# SPDX-License-Identifier: MIT
"""Why a callback returns what it got."""

import loops

from interloop import txaio


# [careful]
def careful(value):
    print("careful got", value)
    return value  # the next callback gets this on Twisted; on asyncio it is ignored
# [/careful]


# [careless]
def careless(value):
    print("careless got", value)  # returns None, which is what comes next on Twisted
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
