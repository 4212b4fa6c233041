# SPDX-License-Identifier: MIT
import asyncio

import client


async def main():
    print(await client.get("a key"))  # an asyncio Future; in a Twisted program, a Deferred


asyncio.run(main())
