# SPDX-License-Identifier: MIT
"""The Redis client of the demonstration as a Python module, on each loop, with a real server."""

import os
import shutil
import socket
import subprocess
import sys
import time

import pytest
from support import extension, originals

SOURCE = originals.ROOT / "examples" / "redis" / "python"


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The port of a redis-server that ends with the session."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, cwd=tmp_path_factory.mktemp("redis"), stdout=subprocess.DEVNULL)
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            time.sleep(0.02)
    yield port
    process.terminate()
    process.wait()


@pytest.fixture(scope="session")
def module():
    """The folder that has the module. Skips if hiredis or OpenSSL is not installed."""
    if subprocess.run(["pkg-config", "--exists", "hiredis", "openssl"]).returncode != 0:
        pytest.skip("libhiredis-dev or libssl-dev is not installed")
    return extension.folder(SOURCE)


def run(module, *arguments):
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(module)},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
    )


@pytest.mark.parametrize("loop", ["asyncio", "uvloop", "twisted"])
def test_every_item_comes_back(module, server, loop):
    done = run(module, SOURCE / "demo.py", "--loop", loop, "--port", server, "--commands", 4000, "--seed", os.getpid())
    assert done.returncode == 0, done.stdout
    assert f"loop={loop} style=await done=4000 failed=0 wrong=0" in done.stdout


def test_errors_are_python_exceptions(module, server):
    program = f"""
import asyncio, interloop_redis
async def main():
    client = interloop_redis.Client()
    await client.connect("127.0.0.1", {server})
    try: await client.command("NONSENSE")
    except interloop_redis.RedisError as error: assert "unknown command" in str(error), error
    else: raise SystemExit("no error")
    assert await client.command("EXISTS", "no such key") == 0
    assert await client.command("GET", "no such key") is None
    await client.command("DEL", "list"); await client.command("RPUSH", "list", 1, b"two", "three")
    assert await client.command("LRANGE", "list", 0, -1) == [b"1", b"two", b"three"]
    news = interloop_redis.Subscriber()
    await news.connect("127.0.0.1", {server})
    await news.subscribe("news")
    assert await client.command("PUBLISH", "news", "hello") == 1
    assert await news.next() == (b"news", b"hello")
    news.close()
    assert await news.next() is None
    client.close()
    other = interloop_redis.Client()
    try: await other.connect("127.0.0.1", 1)
    except interloop_redis.ConnectionError: pass
    else: raise SystemExit("no error")
asyncio.run(main())
"""
    done = run(module, "-c", program)
    assert done.returncode == 0, done.stdout
