# SPDX-License-Identifier: MIT
"""An asyncio application that uses the library and gets an asyncio future."""

# [application]
import asyncio
import itertools

from retry import Retry

from interloop import txaio

txaio.use_asyncio()


async def main():
    attempts = itertools.count(1)

    async def moody():
        if (attempt := next(attempts)) < 3:
            raise ConnectionError("not now")
        return f"attempt {attempt} has succeeded"

    print(await Retry(3, pause=0.01).call(moody))
    try:
        await Retry(2, pause=0.01).call(int, "no number")
    except ValueError as error:
        print("given up:", error)


asyncio.run(main())
# [/application]
