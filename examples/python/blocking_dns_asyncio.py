# SPDX-License-Identifier: MIT
"""Blocking look-ups of names on asyncio or uvloop: blocking_dns_asyncio.py LOOP HOST:PORT NAME..."""

import asyncio
import socket
import struct
import sys

from interloop import crochet

# [lookup]
crochet.setup(sys.argv[1])  # "asyncio" or "uvloop", in a thread


@crochet.wait_for(timeout=5)
async def address_of(name, server):
    """The first address. Runs in the loop's thread; its callers wait. LookupError: no such name."""
    loop = asyncio.get_running_loop()
    transport, question = await loop.create_datagram_endpoint(lambda: Question(name), remote_addr=server)
    try:
        return await question.address
    finally:
        transport.close()
# [/lookup]


class Question(asyncio.DatagramProtocol):
    """The part of RFC 1035 that one question for one address needs."""

    def __init__(self, name):
        self._name = name
        self.address = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        labels = [label.encode("idna") for label in self._name.rstrip(".").split(".")]
        name = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
        transport.sendto(struct.pack("!6H", 1, 0x0100, 1, 0, 0, 0) + name + struct.pack("!2H", 1, 1))

    def error_received(self, error):
        if not self.address.done():
            self.address.set_exception(error)

    def datagram_received(self, data, sender):
        if self.address.done():
            return
        try:
            self.address.set_result(self._first(data))
        except (LookupError, struct.error) as error:
            self.address.set_exception(LookupError(f"{self._name}: {error}"))

    @staticmethod
    def _first(data):
        _, flags, questions, answers, _, _ = struct.unpack_from("!6H", data)
        if flags & 15:
            raise LookupError(f"the server's answer is code {flags & 15}")
        at = 12
        for _ in range(questions):
            at = after_name(data, at) + 4
        for _ in range(answers):
            at = after_name(data, at)
            kind, _, _, length = struct.unpack_from("!2HIH", data, at)
            at += 10 + length
            if kind == 1:
                return socket.inet_ntoa(data[at - 4 : at])
        raise LookupError("it has no address")


def after_name(data, at):
    """The position after a name: labels up to an empty one, or up to a two-byte reference."""
    while length := data[at]:
        if length >= 0xC0:
            return at + 2
        at += 1 + length
    return at + 1


# [main]
if __name__ == "__main__":
    host, port = sys.argv[2].split(":")
    for name in sys.argv[3:]:
        print(f"{name} -> {address_of(name, (host, int(port)))}")
# [/main]
