# SPDX-License-Identifier: MIT
"""The WAMP client as a Python module, on each loop, with a real router and Autobahn|Python."""

import os
import subprocess
import sys

import pytest
from support import extension, originals

SOURCE = originals.ROOT / "examples" / "wamp" / "python"
sys.path.insert(0, str(originals.ROOT / "clients" / "support"))
import wamp_router  # noqa: E402: found by the line above

PROGRAM = """
import sys
import interloop_wamp
from interloop_wamp import ApplicationError

async def main(url, sleep, failed):
    session = await interloop_wamp.join(url, "open")
    other = await interloop_wamp.join(url, "open", ["cbor", "json"])
    assert session.joined and session.id != other.id

    async def slowly(a, *rest, key=None):
        await sleep(0.001)
        return [a, list(rest), key]

    def fail(kind):
        if kind == "own":
            raise ApplicationError("com.test.error.own", ["text", 1], {"more": True})
        raise ValueError("broken")

    prefix = f"python.p{session.id}"
    await session.register(prefix + ".add", lambda a, b: a + b)
    await session.register(prefix + ".slowly", slowly)
    await session.register(prefix + ".fail", fail)
    assert await other.call(prefix + ".add", 2, 3) == 5
    assert await other.call(prefix + ".slowly", 1, "two", b"3\\0", key={"deep": [None, True, 2.5, 2**63]}) == [
        1, ["two", b"3\\0"], {"deep": [None, True, 2.5, 2**63]}]
    assert await other.call("peer.ws.json.add", 2, 3) == 5
    for kind, uri, values in (("own", "com.test.error.own", ["text", 1]), ("", "wamp.error.runtime_error", ["broken"])):
        try:
            await other.call(prefix + ".fail", kind)
        except ApplicationError as error:
            assert (error.uri, error.values) == (uri, values), error
        else:
            raise SystemExit("no error")
    try:
        await other.call(prefix + ".nothing")
    except ApplicationError as error:
        assert error.uri == "wamp.error.no_such_procedure"
    else:
        raise SystemExit("no error")
    try:
        await other.call("not a uri")
    except ValueError:
        pass
    else:
        raise SystemExit("no error")

    heard = []
    await session.subscribe(prefix + ".news", lambda *args, **kwargs: heard.append((args, kwargs)))
    other.publish(prefix + ".news", 1, "two", key=3)
    while not heard:
        await sleep(0.001)
    assert heard == [((1, "two"), {"key": 3})]

    pending = other.call("peer.rs.cbor.wait", 600)
    await other.leave()
    await failed(pending, ConnectionError)
    await session.leave()
    assert not session.joined
    await failed(interloop_wamp.join(url, "nowhere"), ConnectionError)
    print("done")

def on_asyncio(factory):
    import asyncio

    async def failed(awaitable, kind):
        try:
            await awaitable
        except kind:
            return
        raise SystemExit("no error")

    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main(sys.argv[2], asyncio.sleep, failed))

def on_twisted():
    from twisted.internet import reactor
    from twisted.internet.defer import ensureDeferred
    from twisted.internet.task import deferLater, react

    async def failed(awaitable, kind):
        try:
            await awaitable
        except kind:
            return
        raise SystemExit("no error")

    react(lambda _: ensureDeferred(main(sys.argv[2], lambda seconds: deferLater(reactor, seconds), failed)))

if sys.argv[1] == "twisted":
    on_twisted()
elif sys.argv[1] == "uvloop":
    import uvloop
    on_asyncio(uvloop.new_event_loop)
else:
    on_asyncio(None)
"""


@pytest.fixture(scope="session")
def module():
    """The folder that has the module. Skips if what the client needs is not installed."""
    if subprocess.run(["pkg-config", "--exists", "openssl", "libcares"]).returncode != 0:
        pytest.skip("libssl-dev or libc-ares-dev is not installed")
    if subprocess.run(["c++", "-fsyntax-only", "-x", "c++", "-"], input="#include <wslay/wslay.h>", text=True).returncode != 0:
        pytest.skip("libwslay-dev is not installed")
    return extension.folder(SOURCE)


@pytest.fixture(scope="session")
def url(tmp_path_factory):
    """A router with Autobahn|Python's sessions, which end with the tests."""
    if not wamp_router.PYTHON.exists():
        pytest.skip("Crossbar is not installed: make setup")
    with wamp_router.Router(tmp_path_factory.mktemp("wamp")) as router, wamp_router.Peers(router):
        yield f"ws://127.0.0.1:{router.addresses['tcp']}/ws"


# One test, since each process of pytest-xdist would start a router of its own.
def test_it_calls_and_is_called_on_each_loop(module, url):
    for loop in ("asyncio", "uvloop", "twisted"):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, loop, url],
            env={**os.environ, "PYTHONPATH": str(module)},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=120,
        )
        assert (loop, done.returncode, done.stdout) == (loop, 0, "done\n"), done.stdout
