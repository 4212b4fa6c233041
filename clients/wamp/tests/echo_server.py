# SPDX-License-Identifier: MIT
"""A WebSocket server by the library `websockets`: sends every message back, or does what a message asks for.

Usage: echo_server.py PORT [CERTIFICATE KEY]
"""

import asyncio
import ssl
import sys

import websockets


async def answer(connection, *_) -> None:
    async for message in connection:
        if message == "in fragments":
            await connection.send(["in ", "", "frag", "ments"])
        elif message == "ping me":
            await (await connection.ping(b"are you there"))
            await connection.send("you are")
        elif message == "close":
            await connection.close(4000, "as you wish")
        else:
            await connection.send(message)


async def main() -> None:
    tls = None
    if len(sys.argv) > 2:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(*sys.argv[2:4])
    formats = ["wamp.2.msgpack", "wamp.2.json"]
    async with websockets.serve(answer, "127.0.0.1", int(sys.argv[1]), ssl=tls, subprotocols=formats, max_size=None):
        await asyncio.Future()


asyncio.run(main())
