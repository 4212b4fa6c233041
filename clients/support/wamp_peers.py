# SPDX-License-Identifier: MIT
"""Autobahn|Python's side of the tests of WAMP: a session for each transport and serializer, which a test drives by calls.

Usage: wamp_peers.py ADDRESSES DESCRIPTOR. The addresses are those of wamp_router.py, as JSON. Writes `ready` to the
descriptor when all have joined, and closes it.

The session by WebSocket and MessagePack has procedures called `peer.ws.msgpack.…`; `rs` is RawSocket. RawSocket goes by
the Unix socket, WebSocket by TCP.
"""

import asyncio
import json
import sys

import txaio

txaio.use_asyncio()

from autobahn.asyncio.component import Component, run  # noqa: E402: after the choice above
from autobahn.wamp.exception import ApplicationError  # noqa: E402
from autobahn.wamp.types import (  # noqa: E402
    CallOptions,
    CallResult,
    PublishOptions,
    RegisterOptions,
    SubscribeOptions,
)

SERIALIZERS = ("json", "msgpack", "cbor")


class Peer:
    """The procedures of one session."""

    def __init__(self, session) -> None:
        self.session = session
        self.events: dict[str, list] = {}
        self.arrived = asyncio.Condition()
        self.cancelled = 0

    async def echo(self, *args, details=None, **kwargs):
        return CallResult(*args, **kwargs)

    async def add(self, a, b, details=None):
        return a + b

    async def fail(self, uri, *args, details=None, **kwargs):
        raise ApplicationError(uri, *args, **kwargs)

    async def crash(self, text, details=None):
        raise ValueError(text)

    async def count(self, to, details=None):
        """Progress 0, 1, 2… as far as the caller wants that; then the number of them."""
        if details.progress:
            for each in range(to):
                details.progress(each, half=each / 2)
        return to

    async def wait(self, seconds, details=None):
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return seconds

    async def were_cancelled(self, details=None):
        return self.cancelled

    async def who(self, details=None):
        return CallResult(caller=details.caller, authid=details.caller_authid, authrole=details.caller_authrole,
                          procedure=details.procedure)

    async def call(self, uri, args=(), kwargs=None, options=None, details=None):
        """Calls that procedure, and returns its result, or its error as `uri`, `args`, `kwargs` with `failed`."""
        progress = []

        def note(*values, **_):
            progress.append(list(values))

        wanted = dict(options or {})
        if wanted.pop("progress", False):
            wanted["on_progress"] = note
        try:
            got = await self.session.call(uri, *args, **(kwargs or {}), options=CallOptions(**wanted))
        except ApplicationError as error:
            return CallResult(failed=True, uri=error.error, args=list(error.args), kwargs=error.kwargs, progress=progress)
        if isinstance(got, CallResult):
            return CallResult(failed=False, args=list(got.results or ()), kwargs=got.kwresults or {}, progress=progress)
        return CallResult(failed=False, args=[got], kwargs={}, progress=progress)

    async def call_and_cancel(self, uri, mode, args=(), details=None):
        """Calls that procedure and cancels the call at once."""
        called = self.session.call(uri, *args)
        await asyncio.sleep(0)
        called.cancel()
        try:
            await called
        except asyncio.CancelledError:
            return "cancelled"
        except ApplicationError as error:
            return error.error
        return "done"

    async def subscribe(self, topic, match="exact", details=None):
        heard = self.events.setdefault(topic, [])

        async def note(*args, details=None, **kwargs):
            heard.append({"args": list(args), "kwargs": kwargs, "topic": details.topic, "publisher": details.publisher})
            async with self.arrived:
                self.arrived.notify_all()

        options = SubscribeOptions(match=match, details_arg="details")
        return (await self.session.subscribe(note, topic, options)).id

    async def heard(self, topic, count, details=None):
        """The events of a topic that was subscribed to, as soon as there are that many."""
        async with self.arrived:
            await self.arrived.wait_for(lambda: len(self.events[topic]) >= count)
        return self.events[topic]

    async def publish(self, topic, args=(), kwargs=None, options=None, details=None):
        """Returns the publication's id, since it is acknowledged."""
        wanted = PublishOptions(acknowledge=True, **(options or {}))
        return (await self.session.publish(topic, *args, **(kwargs or {}), options=wanted)).id

    async def publish_many(self, topic, count, details=None):
        for each in range(count):
            self.session.publish(topic, each)
        return count

    async def any(self, *args, details=None, **kwargs):
        """Registered for a prefix and for a wildcard: which procedure was called?"""
        return details.procedure

    async def register(self, prefix: str) -> None:
        options = RegisterOptions(details_arg="details")
        for name in ("echo", "add", "fail", "crash", "count", "wait", "were_cancelled", "who", "call", "call_and_cancel",
                     "subscribe", "heard", "publish", "publish_many"):
            await self.session.register(getattr(self, name), f"{prefix}.{name}", options)
        for uri, match in ((f"{prefix}.prefix", "prefix"), (f"{prefix}..wildcard", "wildcard")):
            await self.session.register(self.any, uri, RegisterOptions(details_arg="details", match=match))


def component(addresses: dict[str, str], kind: str, serializer: str, joined) -> Component:
    if kind == "ws":
        transport = {"type": "websocket", "url": f"ws://127.0.0.1:{addresses['tcp']}/ws", "serializers": [serializer]}
    else:
        transport = {"type": "rawsocket", "url": "rs://localhost", "serializer": serializer,
                     "endpoint": {"type": "unix", "path": addresses["unix"]}}
    made = Component(transports=[transport], realm="open")

    @made.on_join
    async def join(session, details):
        session.traceback_app = True
        await Peer(session).register(f"peer.{kind}.{serializer}")
        joined()

    return made


def main() -> None:
    addresses = json.loads(sys.argv[1])
    kinds = [(kind, serializer) for kind in ("ws", "rs") for serializer in SERIALIZERS]
    left = len(kinds)

    def joined() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            with open(int(sys.argv[2]), "wb") as told:
                told.write(b"ready")

    run([component(addresses, *each, joined) for each in kinds], log_level="warn")


if __name__ == "__main__":
    main()
